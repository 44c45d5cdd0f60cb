"""The API does what its OpenAPI document says, whatever it is sent: schemathesis tries.

The same for longer, against a server that runs:
`schemathesis run http://127.0.0.1:8000/openapi.json --exclude-checks positive_data_acceptance`
"""

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from hypothesis import HealthCheck, given, settings, strategies  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import CHECKS  # noqa: E402


def test_no_answer_is_undocumented(client, page):
    job = client.erase(page)
    document = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == 9
    for operation in operations:
        cases = strategies.one_of(*(operation.as_strategy(generation_mode=mode)
                                    for mode in GenerationMode))

        @given(case=cases)
        @settings(max_examples=10, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck))
        def attempt(case):
            if case.path_parameters and case.method != "DELETE":
                case.path_parameters["job_id"] = job["id"]  # else it would be unknown
            # A document cannot say which bytes are an image.
            case.call_and_validate(excluded_checks=[CHECKS.get_one("positive_data_acceptance")])

        attempt()
