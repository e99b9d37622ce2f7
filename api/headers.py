"""What every answer tells browsers, so that they are strict: also the answer to a defect, which no guard sees."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PUBLIC = "/ui/book/"  # the pages that guests see; in a frame nobody is signed in


def headers_for(path: str, framed_by: str) -> dict[str, str]:
    """The headers of an answer: only a public page may be shown in frames, and only of the sites in `framed_by`."""
    if not framed_by or not path.startswith(PUBLIC):
        return HEADERS
    return {**HEADERS, "Content-Security-Policy": CSP.replace("frame-ancestors 'none'", f"frame-ancestors {framed_by}")}
