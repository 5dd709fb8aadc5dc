"""FastAPI with async SQLAlchemy, asyncpg and slowapi, as the system that Cotton ERP replaces was deployed."""

import datetime
import decimal
import os
import uuid
from typing import Annotated

import jwt
import uuid_utils.compat
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from slowapi.extension import _rate_limit_exceeded_handler
from sqlalchemy import JSON, BigInteger, DateTime, Numeric, String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = os.environ["PEER_SECRET"]
engine = create_async_engine(
    f"postgresql+asyncpg://postgres@/{os.environ['PEER_DATABASE']}?host={os.environ['PEER_HOST']}",
    pool_size=8,
    max_overflow=8,
    connect_args={"server_settings": {"search_path": "peer"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime.datetime: DateTime(timezone=True), int: BigInteger}


class Columns:
    organization_id: Mapped[uuid.UUID | None]
    code: Mapped[str]
    name: Mapped[str]
    aliases: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    parent_id: Mapped[uuid.UUID | None]
    country_id: Mapped[str] = mapped_column(String(2))
    subdivision_id: Mapped[uuid.UUID | None]
    district: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    address_line1: Mapped[str] = mapped_column(default="")
    address_line2: Mapped[str] = mapped_column(default="")
    latitude: Mapped[decimal.Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[decimal.Decimal | None] = mapped_column(Numeric(9, 6))
    timezone: Mapped[str]
    un_locode: Mapped[str | None]
    iata: Mapped[str | None]
    google_place_id: Mapped[str | None]
    geocode_source: Mapped[str] = mapped_column(default="")
    geocode_confidence: Mapped[decimal.Decimal | None] = mapped_column(Numeric(4, 3))
    status: Mapped[str] = mapped_column(default="unverified")
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime.datetime] = mapped_column(default=now, onupdate=now)


class Location(Columns, Base):
    __tablename__ = "location"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid_utils.compat.uuid7)


class LocationHistory(Columns, Base):
    __tablename__ = "location_history"
    history_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[uuid.UUID]
    history_date: Mapped[datetime.datetime] = mapped_column(default=now)
    history_type: Mapped[str]
    history_change_reason: Mapped[str | None]
    history_user_id: Mapped[uuid.UUID | None]


class Event(Base):
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event_id: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    object_type: Mapped[str]
    object_id: Mapped[str]
    event_type: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    organization_id: Mapped[uuid.UUID | None]
    payload: Mapped[dict] = mapped_column(JSON)
    occurred_at: Mapped[datetime.datetime] = mapped_column(default=now)


class User(Base):
    __tablename__ = "peer_user"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    is_active: Mapped[bool]
    organization_id: Mapped[uuid.UUID]


class LocationIn(BaseModel):
    code: str
    name: str
    kind: str
    country_id: str
    timezone: str
    city: str = ""
    latitude: decimal.Decimal | None = None
    longitude: decimal.Decimal | None = None


class LocationPatch(BaseModel):
    name: str | None = None
    city: str | None = None


class LocationOut(LocationIn):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    organization_id: uuid.UUID | None
    aliases: str
    parent_id: uuid.UUID | None
    subdivision_id: uuid.UUID | None
    district: str
    postal_code: str
    address_line1: str
    address_line2: str
    un_locode: str | None
    iata: str | None
    google_place_id: str | None
    geocode_source: str
    geocode_confidence: decimal.Decimal | None
    status: str
    is_active: bool
    version: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


class Page(BaseModel):
    count: int
    results: list[LocationOut]


def caller(request: Request) -> str:
    return request.headers["authorization"]


def address(request: Request) -> str:
    return request.headers["x-forwarded-for"]


limiter = Limiter(key_func=caller, storage_uri=os.environ["REDIS_URL"])
app = FastAPI(docs_url=None, openapi_url=None)
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)


async def database():
    async with sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(database)]


async def signed_in(request: Request, session: Database) -> User:
    claims = jwt.decode(request.headers["authorization"].removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    user = await session.get(User, uuid.UUID(claims["user_id"]))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


Reader = Annotated[User, Depends(signed_in)]


def limited(view):
    for limit, key in (("1000000/hour", address), ("100000/hour", caller), ("10000/minute", caller)):
        view = limiter.limit(limit, key_func=key)(view)
    return view


def visible(user: User):
    return select(Location).where(
        or_(Location.organization_id == user.organization_id, Location.organization_id.is_(None))
    )


@app.get("/locations", response_model=Page)
@limited
async def list_(request: Request, user: Reader, session: Database, page: int = 1, search: str = ""):
    rows = visible(user)
    if search:
        rows = rows.where(Location.name.ilike(f"%{search}%"))
    count = await session.scalar(select(func.count()).select_from(rows.subquery()))
    found = await session.scalars(rows.order_by(Location.name, Location.code).limit(25).offset((page - 1) * 25))
    return {"count": count, "results": found.all()}


async def one(session: AsyncSession, user: User, key: uuid.UUID) -> Location:
    row = await session.scalar(visible(user).where(Location.id == key))
    if row is None:
        raise HTTPException(404)
    return row


@app.get("/locations/{key}", response_model=LocationOut)
@limited
async def detail(request: Request, key: uuid.UUID, user: Reader, session: Database):
    return await one(session, user, key)


@app.post("/locations", response_model=LocationOut, status_code=201)
@limited
async def create(request: Request, body: LocationIn, user: Reader, session: Database):
    row = Location(**body.model_dump(), organization_id=user.organization_id)
    session.add(row)
    await session.flush()
    record(session, user, "location.created", "+", row, body.model_dump(mode="json"))
    await session.commit()
    return row


@app.patch("/locations/{key}", response_model=LocationOut)
@limited
async def update(request: Request, key: uuid.UUID, body: LocationPatch, user: Reader, session: Database):
    row = await one(session, user, key)
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    await session.flush()
    record(session, user, "location.updated", "~", row, values)
    await session.commit()
    return row


def record(session: AsyncSession, user: User, event_type: str, kind: str, row: Location, values: dict) -> None:
    columns = {name: getattr(row, name) for name in Location.__mapper__.columns.keys()}  # noqa: SIM118
    session.add(LocationHistory(**columns, history_type=kind, history_user_id=user.id))
    session.add(
        Event(
            object_type="location",
            object_id=str(row.id),
            event_type=event_type,
            actor_id=user.id,
            organization_id=row.organization_id,
            payload=values,
        )
    )
