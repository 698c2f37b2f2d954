"""The blueprint of a noun: guarded by a bearer token, its errors told as problems, both in the document."""

from flask_openapi3.blueprint import APIBlueprint

from central.api import access, document, problems


def blueprint_for(noun: str, part: str = "") -> APIBlueprint:
    """What answers below `/api/v1/{noun}`; `part` names one of several that share a noun."""
    blueprint = APIBlueprint(
        f"api_{noun}{part and '_'}{part}",
        __name__,
        url_prefix=f"/api/v1/{noun}",
        abp_security=document.SECURITY,
        abp_responses=document.PROBLEMS,
    )
    access.guard(blueprint)
    problems.answer_errors_of(blueprint)
    return blueprint
