"""Pictures of students as addresses that hold them (`data:`), if they are what they say and not enormous."""

import base64
import binascii
import io
import re

from PIL import Image

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
_MOST_BYTES, _MOST_PIXELS = 12_000_000, 40_000_000
_ADDRESS = re.compile(r"data:(image/(?:png|jpeg|gif|webp|svg\+xml));base64,", re.I)


def base64_of(kind, data):
    """The base64 text of a picture, written anew; "" if it is not a picture of that kind.

    kind: its media type.
    data: base64, with or without line ends; for SVG also the drawing itself.
    """
    if not isinstance(data, str) or len(data) > _MOST_BYTES * 4 // 3:
        return ""
    if kind == "image/svg+xml" and "<" in data:
        content = data.encode("utf-8", "replace")
    else:
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            return ""
    return base64.b64encode(content).decode() if _is_picture(kind, content) else ""


def address(kind, data):
    """A picture as the address of an image, "" if it is none."""
    text = base64_of(kind, data)
    return f"data:{kind};base64,{text}" if text else ""


def checked(url):
    """The address of an image that holds it, written anew; "" for any other address."""
    found = _ADDRESS.match(url)
    return address(found[1].lower(), url[found.end() :]) if found else ""


def _is_picture(kind, content):
    if kind == "image/svg+xml":  # shown as an image, a drawing runs no script and loads nothing
        start = content[:2000].lower()
        return b"<svg" in start and b"<!entity" not in content.lower()
    if kind not in _FORMATS:
        return False
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as picture:
            return 0 < picture.width * picture.height <= _MOST_PIXELS
    except Exception:  # Pillow has many of its own
        return False
