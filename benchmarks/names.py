"""Words of Indian trading names, for made-up partners and places."""

FIRST = [
    "Shree",
    "Jai",
    "Maruti",
    "Laxmi",
    "Krishna",
    "Ganesh",
    "Ambica",
    "Bharat",
    "Gujarat",
    "Narmada",
    "Sardar",
    "Royal",
]
LAST = ["Cotton", "Ginning", "Spinning", "Textile", "Agro", "Fibre", "Trading", "Export", "Industries", "Mills", "Yarn"]
