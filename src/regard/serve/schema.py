"""The OpenAPI schema of the runs that are served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.serve.asked import FIELDS, What
from regard.serve.limits import Limits
from regard.serve.served import Served

__all__ = ["schema_of"]

_ABOUT: dict[What, str] = {
    "predict": "Predictions: the columns of `regard predict`.",
    "explain": "Predictions with their maps, verdicts and, if asked for, a picture.",
    "attend": "The attention alone, also by head and layer.",
}


def schema_of(runs: Mapping[str, Served], limits: Limits, *, token: bool) -> dict[str, Any]:
    """What can be asked, with the names, lengths and classes of the runs.

    Parameters:
        runs: by name.
        limits: of requests.
        token: whether requests must have one.
    """
    from regard import __version__

    schema: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "regard", "version": __version__},
        "paths": {f"/{what}": {"post": _asked(what, runs, limits)} for what in FIELDS},
        "components": {
            "schemas": {
                "Error": _object(
                    {"error": _object({"code": _text(), "message": _text()})},
                ),
                **{_key("case", served): served.form for served in runs.values() if served.form},
                **{_key("prediction", served): _prediction(served) for served in runs.values()},
            }
        },
    }
    said = {
        "/model": "What the runs are: classes, channels, lengths, figures, verdicts.",
        "/cases": "Test cases to step through, with what is predicted for them.",
        "/health": "Whether the service runs, and whether the folders are still the same.",
    }
    run = {"name": "run", "in": "query", "required": False, "schema": {"enum": list(runs)}}
    for path, about in said.items():
        own = {} if path == "/health" else {"parameters": [run]}
        schema["paths"][path] = {
            "get": {"summary": about, **own, "responses": _responses({"type": "object"})}
        }
    schema["paths"]["/metrics"] = {
        "get": {
            "summary": "Counts, latencies and the queue, for Prometheus.",
            "responses": {"200": {"description": "text", "content": {"text/plain": {}}}},
        }
    }
    if token:
        schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
    return schema


def _asked(what: What, runs: Mapping[str, Served], limits: Limits) -> dict[str, Any]:
    forms = [_request(what, served, limits, alone=len(runs) == 1) for served in runs.values()]
    file = _object({"file": {"type": "string", "format": "binary"}, "run": {"enum": list(runs)}})
    file["required"] = ["file"] if len(runs) == 1 else ["file", "run"]
    answers = [_reference("prediction", served) for served in runs.values()]
    answer: dict[str, Any] = {"anyOf": answers} if what == "predict" else {"type": "object"}
    return {
        "summary": _ABOUT[what],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": forms[0] if len(forms) == 1 else {"anyOf": forms}},
                "multipart/form-data": {"schema": file},
            },
        },
        "responses": _responses(
            _object({"run": {"enum": list(runs)}, "answers": {"type": "array", "items": answer}})
        ),
    }


def _request(what: What, served: Served, limits: Limits, *, alone: bool) -> dict[str, Any]:
    """A body of JSON for a run."""
    case = _reference("case", served)
    most = 1 if served.estimator.input_.posted_alone else limits.cases
    fields: dict[str, Any] = {
        "run": {"const": served.name},
        "case": case,
        "cases": {"type": "array", "items": case, "minItems": 1, "maxItems": most},
        "test_case": {"type": "integer", "minimum": 0},
        "maps": {"type": "array", "items": {"enum": list(served.maps)}},
        "picture": {"type": "boolean"},
        "options": _object(
            {
                name: {"type": "string" if name == "target" else "number"}
                for name in served.estimator.output_.options
            }
        ),
    }
    given = ["case", "cases", "test_case"] if served.form else ["test_case"]
    own = [name for name in FIELDS[what] if name in given or name not in ("case", "cases")]
    found = _object({name: fields[name] for name in own})
    found["required"] = [] if alone else ["run"]
    found["oneOf"] = [{"required": [name]} for name in given]
    return found


def _prediction(served: Served) -> dict[str, Any]:
    """The names that a prediction may have, where they are known before."""
    own: dict[str, Any] = {"case": _text()}
    classes = getattr(served.estimator, "classes_", None)
    if classes is not None:
        label = served.estimator.input_.predicted or "label"
        own[label] = {"enum": served.names}
        share = {"type": "number", "minimum": 0, "maximum": 1}
        own |= {f"probability {name}": share for name in served.names}
    return {"type": "object", "properties": own}


def _key(what: str, served: Served) -> str:
    """A name of a component, which has only some letters."""
    return f"{what}-" + "".join(
        each if each.isascii() and (each.isalnum() or each in ".-") else f"_{ord(each):x}"
        for each in served.name
    )


def _reference(what: str, served: Served) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{_key(what, served)}"}


def _responses(content: dict[str, Any]) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": {"description": "answers", "content": {"application/json": {"schema": content}}},
        "default": {"description": "what is wrong", "content": error},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text() -> dict[str, Any]:
    return {"type": "string"}
