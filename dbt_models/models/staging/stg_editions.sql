select
    forecaster,
    day,
    as_of,
    phase,
    claims,
    refused,
    fitted_on,
    input_digest,
    code_version
from {{ unqualified(source('forecasts', 'editions')) }}
