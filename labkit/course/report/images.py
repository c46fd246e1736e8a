"""The pictures of the contact sheet: thumbnails and enlarged plots as data URLs."""

import base64
import hashlib
import io

THUMBNAIL = 320  # pixels: shown at about 230, and sharp there on most screens
ENLARGED = 1100  # pixels: wider plots are reduced to it
_LARGEST_IMAGE = 50_000_000  # pixels: a file can be small and its image enormous


def picture_of(path):
    """{"thumbnail", "enlarged": data URLs, "width", "height", "digest"} of an image file, or {"problem": a phrase}."""
    from PIL import Image

    if path is None:
        return {"problem": "the plot's file is outside of the report"}
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            if image.width * image.height > _LARGEST_IMAGE:
                return {"problem": f"the plot is too large to show ({image.width} × {image.height} pixels)"}
            image = _on_white(image)
    except FileNotFoundError:
        return {"problem": "the plot's file is missing"}
    except Exception:  # Pillow raises many kinds of errors for broken files
        return {"problem": "the plot's file cannot be read"}
    return {
        "thumbnail": _small(image),
        "enlarged": _large(image),
        "width": image.width,
        "height": image.height,
        "digest": hashlib.sha256(data).hexdigest(),
    }


def _on_white(image):
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _reduced(image, width):
    """The image at most `width` wide, and not much taller than that."""
    from PIL import Image

    scale = min(1.0, width / image.width, 1.5 * width / image.height)
    if scale == 1.0:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def _small(image):
    """A thumbnail as a data URL."""
    from PIL import features

    return _encoded(_reduced(image, THUMBNAIL), "webp" if features.check("webp") else "jpeg", quality=60)


def _large(image):
    """An enlarged plot as a data URL: exact for the few colours of a line plot, which is also smallest, else lossy."""
    from PIL import Image, ImageChops, ImageStat, features

    image, webp = _reduced(image, ENLARGED), features.check("webp")
    few = image.quantize(32, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    off = sum(ImageStat.Stat(ImageChops.difference(few.convert("RGB"), image)).mean) / 3
    if off < 1.5:
        return (
            _encoded(few.convert("RGB"), "webp", lossless=True, method=2)
            if webp
            else _encoded(few, "png", optimize=True)
        )
    return _encoded(image, "webp" if webp else "jpeg", quality=80)


def _encoded(image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind.upper(), **options)
    return f"data:image/{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
