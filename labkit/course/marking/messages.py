"""Messages of a kernel as they have to be: one that is malformed costs itself, not the notebook."""

KINDS = ("image/", "text/", "application/")


def tidy(msg):
    """Make the content of a message with an output what nbformat asks for; False if nothing can be made of it."""
    content = msg.get("content")
    if not isinstance(content, dict):
        return False
    kind = msg.get("msg_type")
    if kind == "stream":
        content["name"] = "stderr" if content.get("name") == "stderr" else "stdout"
        content["text"] = _text(content.get("text"))
    elif kind == "error":
        content["ename"], content["evalue"] = _text(content.get("ename")), _text(content.get("evalue"))
        lines = content.get("traceback")
        content["traceback"] = [_text(line) for line in lines] if isinstance(lines, list) else []
    elif kind in ("display_data", "execute_result", "update_display_data"):
        content["data"] = _bundle(content.get("data"))
        content["metadata"] = {}
        if not isinstance(content.get("transient"), dict):
            content["transient"] = {}
        if not isinstance(content["transient"].get("display_id", ""), str):
            content["transient"] = {}
        if kind == "execute_result" and not isinstance(content.get("execution_count"), int):
            content["execution_count"] = None
    else:
        return True
    return True


def _bundle(data):
    """The parts of a display that can be kept: text by its MIME type, JSON as text."""
    found = {}
    for kind, part in data.items() if isinstance(data, dict) else ():
        if isinstance(part, list) and all(isinstance(line, str) for line in part):
            part = "".join(part)
        if isinstance(part, str) and kind.startswith(KINDS):
            found[kind] = _text(part)
    return found


def _text(value):
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def patient(channel):
    """Let a channel pass over what is no message at all."""
    ask = channel.get_msg

    async def get_msg(*args, **kwargs):
        while True:
            try:
                msg = await ask(*args, **kwargs)
            except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
                continue
            if isinstance(msg, dict) and isinstance(msg.get("parent_header"), dict) and "msg_type" in msg:
                return msg

    channel.get_msg = get_msg
