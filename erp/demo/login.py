"""How demonstration users sign in. The desk lists them on its login page, with DEBUG and DEMO only."""

DOMAIN = "demo.example"
PASSWORD = "cotton-demo-2026"  # noqa: S105 (everybody may know it; `check --deploy` refuses users of this domain)


def address(local_part: str) -> str:
    """Login of a member of the cast: "desk.mumbai" is desk.mumbai@demo.example."""
    return f"{local_part}@{DOMAIN}"
