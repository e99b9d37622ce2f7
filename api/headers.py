"""What every answer tells browsers, so that they are strict: also the answer to a defect, which no guard sees."""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HSTS = {"Strict-Transport-Security": "max-age=31536000"}  # a year; only where the browser came by TLS
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PUBLIC = "/ui/book/"  # the pages that guests see; in a frame nobody is signed in


def headers_for(path: str, framed_by: str = "", scheme: str = "http") -> dict[str, str]:
    """The headers of an answer: only a public page may be shown in frames, and only of the sites in `framed_by`."""
    headers = HEADERS | HSTS if scheme == "https" else HEADERS
    if not framed_by or not path.startswith(PUBLIC):
        return headers
    policy = CSP.replace("frame-ancestors 'none'", f"frame-ancestors {framed_by}")
    return {**headers, "Content-Security-Policy": policy}
