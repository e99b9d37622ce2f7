"""An invoice on paper."""

from datetime import datetime

from domain.parking.tariff import exponent
from infra.tables import Row


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it: "12.50 EUR", "300 JPY"."""
    digits = exponent(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d} {currency}" if digits else f"{sign}{whole} {currency}"


def invoice_pdf(row: Row, lot: str, address: str, payer: str, corrects: int | None, issued: datetime) -> bytes:
    """One page: who, for what, how much, the tax in it. Letters beyond Latin-1 are shown as question marks."""
    from fpdf import FPDF  # here: it takes as long to load as all of FastAPI, and few are ever printed

    page = FPDF(format="A4")
    page.set_creation_date(issued)  # so that the same invoice is the same file
    title = f"{row['kind'].capitalize()} {number_of(row)}"
    page.set_title(title)
    page.add_page()
    page.set_font("Helvetica", "B", 18)
    page.cell(0, 12, title, new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=11)
    paid_by = row["corrects"] or row["invoice"]
    lines = [
        lot,
        address,
        "",
        f"To: {payer}",
        f"Date: {issued:%Y-%m-%d}",
        f"Payment: {paid_by}",
    ]
    if corrects is not None:
        lines.append(f"Corrects invoice: {row['year']}-{corrects:06d}")
    for text in [*lines, ""]:
        page.cell(0, 6, _latin(text), new_x="LMARGIN", new_y="NEXT")
    sign = -1 if row["kind"] == "credit note" else 1
    with page.table(col_widths=(120, 60), text_align=("LEFT", "RIGHT")) as table:
        for what, amount in (("Net", row["net"]), ("Tax", row["tax"]), ("Total", row["gross"])):
            label = f"{row['what']}: {what}" if what == "Net" else what
            line = table.row()
            line.cell(_latin(label))
            line.cell(money(sign * amount, row["currency"]))
    return bytes(page.output())


def number_of(row: Row) -> str:
    """The number as it is printed: year and running number of the lot."""
    return f"{row['year']}-{row['number']:06d}"


def _latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")
