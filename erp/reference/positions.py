"""What the place lists lack, written by hand: Indian port positions, inland places, market towns and major ports."""

from erp.reference.tables import words

# Positions of UN/LOCODE that lie in another country or far out at sea: better none, or that of the town of the same name.
MISLAID = frozenset({"ARNCL", "EGBGB", "IDKIJ", "MYGTB", "NGJBD", "PEPMC", "TRRZY", "VNLMP"})

# Degrees north and east of the berths or the jetty, to about one kilometre. UN/LOCODE gives none for these ports, or one
# that lies elsewhere (Yantian).
PORT_POSITIONS = {
    "CNDAG": (38.93, 121.65),  # Dalian
    "CNGZG": (23.09, 113.44),  # Guangzhou (Huangpu)
    "CNQDG": (36.08, 120.31),  # Qingdao
    "CNSHG": (31.36, 121.58),  # Shanghai (Waigaoqiao)
    "CNYTN": (22.575, 114.265),  # Yantian
    "DEBRE": (53.12, 8.73),  # Bremen
    "DEBRV": (53.59, 8.54),  # Bremerhaven
    "GBFXT": (51.955, 1.31),  # Felixstowe
    "GBSOU": (50.90, -1.42),  # Southampton
    "INALA": (21.41, 72.20),  # Alang
    "INAZK": (11.94, 75.31),  # Azhikkal
    "INBED": (22.55, 70.04),  # Bedi
    "INBEY": (11.16, 75.80),  # Beypore
    "INBLK": (14.71, 74.27),  # Belekeri
    "INCDL": (11.71, 79.78),  # Cuddalore
    "INDAH": (21.70, 72.53),  # Dahej
    "INDAM": (20.41, 72.83),  # Daman
    "INDHP": (17.56, 73.17),  # Dabhol
    "INDIU": (20.71, 70.99),  # Diu
    "INDMT": (18.72, 73.03),  # Dharamtar
    "INENR": (13.265, 80.34),  # Ennore (Kamarajar)
    "INGPR": (19.305, 84.965),  # Gopalpur
    "INHAL": (22.025, 88.08),  # Haldia
    "INIXE": (12.961, 74.89),  # Mangalore airport
    "INIXZ": (11.67, 92.74),  # Port Blair
    "INJAK": (23.22, 68.61),  # Jakhau
    "INJGD": (17.29, 73.22),  # Jaigad
    "INKAK": (16.98, 82.28),  # Kakinada
    "INKRI": (14.25, 80.12),  # Krishnapatnam
    "INKRK": (10.837, 79.85),  # Karaikal
    "INKRW": (14.813, 74.113),  # Karwar
    "INMAL": (13.35, 74.70),  # Malpe
    "INMDA": (21.14, 72.73),  # Magdalla
    "INMUN": (22.739, 69.701),  # Mundra
    "INNAV": (22.958, 70.453),  # Navlakhi
    "INNML": (12.928, 74.81),  # New Mangalore
    "INNSA": (18.949, 72.951),  # Nhava Sheva
    "INOKH": (22.47, 69.07),  # Okha
    "INPAN": (15.50, 73.83),  # Panaji
    "INPBD": (21.64, 69.60),  # Porbandar
    "INRAM": (9.28, 79.31),  # Rameshwaram
    "INRED": (15.74, 73.66),  # Redi
    "INRTC": (16.99, 73.29),  # Ratnagiri
    "INSAL": (22.31, 69.60),  # Salaya
    "INTUN": (22.97, 70.10),  # Tuna
    "INVAD": (22.44, 69.67),  # Vadinar
    "INVVA": (20.90, 70.37),  # Veraval
    "INVYD": (16.56, 73.33),  # Vijaydurg
    "INVZJ": (8.37, 76.99),  # Vizhinjam
    "JPNGO": (35.06, 136.86),  # Nagoya
    "PKKCT": (24.83, 66.98),  # Karachi Container Terminal
    "PKPCT": (24.83, 66.98),  # Pakistan International Container Terminal, Karachi
    "PKQCT": (24.77, 67.33),  # Qasim International Container Terminal
    "USCHS": (32.82, -79.93),  # Charleston
    "USDAL": (32.78, -96.80),  # Dallas
    "USGLS": (29.31, -94.81),  # Galveston
    "USLAX": (33.73, -118.26),  # Los Angeles
    "USMEM": (35.07, -90.15),  # Memphis
    "USOAK": (37.80, -122.31),  # Oakland
    "USORF": (36.92, -76.33),  # Norfolk
    "USSAV": (32.13, -81.14),  # Savannah
    "USSEA": (47.58, -122.35),  # Seattle
}

# UN/LOCODE flags these Indian places as ports; they lie inland and stand here by their other functions.
INLAND = words(
    "INATU INBAW INBDH INBDQ INBPQ INBPT INERO INGAU INGND INGNO INHIP INICD INIXJ INIXM INJDG INKAR INKHO INKKU INKON "
    "INKTK INLNG INMRK INMUG INNGC INORS INPER INSAD INSAM INSIL INSKK INSWA INTKS INWAD INZUM"
)

# Kept whatever their flags say: the ports that cotton, oilseeds and grain of the large registers move through.
MAJOR_PORTS = words(
    "AUBNE AUFRE AUMEL AUSYD BEANR BRPNG BRRIG BRSSA BRSSZ BRSUA BRVIX CNDAG CNGZG CNLYG CNNBG CNNSA CNQDG CNSHG "
    "CNSHK CNTNG CNTXG CNXMG CNYTN CNZJG DEBRE DEBRV DEHAM ESALG ESBCN ESVLC FRFOS FRLEH FRMRS GBFXT GBLGP GBLIV "
    "GBSOU GRPIR GRSKG IDBLW IDJKT IDSRG IDSUB INPPT ITGIT ITGOA ITLIV ITSPE ITTRS JPNGO JPOSA JPTYO JPUKB JPYOK "
    "KRINC KRKAN KRPUS MXATM MXVER MXZLO NLAMS NLRTM PHCEB PHDVO PHMNL PTLEI PTLIS USBAL USCHS USDAL USGLS USHOU "
    "USLAX USLGB USMEM USMSY USNYC USOAK USORF USSAV USSEA"
)

# Auction yards and ginning stations, by state.
MARKET_YARDS = {
    "AP": "Adoni, Guntur, Kurnool, Nandyal, Narasaraopet, Chilakalurupet, Yemmiganur",
    "GJ": "Rajkot, Gondal, Amreli, Kadi, Botad, Surendranagar, Morbi, Jetpur, Dhoraji, Mahuva, Savarkundla, Babra, "
    "Jasdan, Wankaner, Dhrangadhra, Viramgam, Visnagar, Unjha, Bodeli, Bharuch, Halvad, Sidhpur, Mahesana",
    "HR": "Sirsa, Fatehabad, Hisar, Adampur, Ellenabad, Mandi Dabwali, Narwana",
    "KA": "Raichur, Gadag, Vijayapura, Ranebennur, Haveri, Chitradurga, Ballari, Sindhnur",
    "MH": "Akola, Yavatmal, Wardha, Amravati, Jalgaon, Khamgaon, Hinganghat, Washim, Buldana, Parbhani, Jalna, Dhule, "
    "Nandurbar, Wani, Pandharkawada, Akot, Bhokar, Pulgaon, Arvi, Malkapur, Selu, Beed",
    "MP": "Khargone, Sendhwa, Khandwa, Barwani, Burhanpur, Kukshi, Dhamnod, Sanawad, Ratlam",
    "OD": "Rayagada, Titlagarh, Balangir, Bhawanipatna, Kesinga",
    "PB": "Abohar, Bathinda, Fazilka, Mansa, Muktsar, Malout, Maur, Giddarbaha, Rampura",
    "RJ": "Sri Ganganagar, Hanumangarh, Sangaria, Suratgarh, Raisinghnagar, Anupgarh, Bhilwara, Banswara, "
    "Nagaur, Merta",
    "TN": "Theni, Virudunagar, Rajapalaiyam, Attur, Konganapuram",
    "TS": "Adilabad, Warangal, Khammam, Karimnagar, Nalgonda, Mancherial, Nirmal, Bhainsa, Suryapet",
}

# Towns of mills, looms and ports, kept whatever their size.
TEXTILE_TOWNS = {
    "GJ": "Ahmedabad, Surat, Vadodara, Bhavnagar, Jamnagar, Gandhidham, Mundra, Kalol",
    "HR": "Panipat",
    "KA": "Hubballi, Davangere",
    "KL": "Kochi",
    "MH": "Mumbai, Bhiwandi, Ichalkaranji, Malegaon, Nagpur, Solapur",
    "MP": "Indore",
    "PB": "Ludhiana",
    "TN": "Coimbatore, Tiruppur, Erode, Salem, Dindigul, Karur, Madurai, Thoothukudi",
}
