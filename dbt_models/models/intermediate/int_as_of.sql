select max(as_of) as as_of
from {{ unqualified(ref('stg_editions')) }}
