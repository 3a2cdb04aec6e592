-- What the record teaches: pairs of related claims, contests, leaders, and what bands mean.

CREATE TABLE forecasts.relations (
    kind VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    claim_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    probability DOUBLE NOT NULL,
    other_probability DOUBLE NOT NULL,
    excess DOUBLE NOT NULL,
    arbitrage DOUBLE NOT NULL
);

CREATE TABLE forecasts.inconsistencies (
    kind VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    claim_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    probability DOUBLE NOT NULL,
    other_probability DOUBLE NOT NULL,
    excess DOUBLE NOT NULL,
    arbitrage DOUBLE NOT NULL
);

CREATE TABLE scorecards.contests (
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    champion VARCHAR NOT NULL,
    challenger VARCHAR NOT NULL,
    shared BIGINT NOT NULL,
    topics BIGINT NOT NULL,
    unlike BIGINT NOT NULL,
    champion_brier DOUBLE,
    challenger_brier DOUBLE,
    difference DOUBLE,
    low DOUBLE,
    high DOUBLE,
    p_value DOUBLE,
    champion_cost DOUBLE,
    challenger_cost DOUBLE,
    promoted BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL
);

CREATE TABLE scorecards.leaders (
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    leader VARCHAR NOT NULL,
    previous VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);

CREATE TABLE scorecards.bands (
    as_of TIMESTAMP NOT NULL,
    forecaster VARCHAR NOT NULL,
    band VARCHAR NOT NULL,
    claims BIGINT NOT NULL,
    topics BIGINT NOT NULL,
    measured BOOLEAN NOT NULL,
    frequency DOUBLE,
    low DOUBLE,
    high DOUBLE,
    nominal_low DOUBLE NOT NULL,
    nominal_high DOUBLE NOT NULL,
    honest BOOLEAN,
    meaning VARCHAR NOT NULL
);
