-- The Fluss tables of the reference, word for word, each under the name of its scenario.
-- This file is what the tables are checked against; it is not derived from the code.

-- scenario: attribution
CREATE TABLE `fluss_catalog`.`db`.`order_ri` (
order_id STRING,
user_id STRING,
order_time STRING,
pay_amt STRING,
ds STRING,
PRIMARY KEY (user_id, ds, order_id) NOT ENFORCED
) PARTITIONED BY (ds)
WITH (
'bucket.key' = 'user_id',
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.key' = 'ds'
);

-- scenario: attribution
CREATE TABLE `fluss_catalog`.`db`.`log_page_ri` (
user_id STRING,
first_page_time STRING,
pv BIGINT,
ds STRING,
PRIMARY KEY (user_id, ds) NOT ENFORCED
) PARTITIONED BY (ds)
WITH (
'bucket.key' = 'user_id',
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.key' = 'ds'
);

-- scenario: attribution
CREATE TABLE `fluss_catalog`.`db`.`log_page_ord_detail_ri`
(
`user_id` STRING COMMENT 'User ID',
`order_id` STRING COMMENT 'Order ID',
`first_page_time` STRING COMMENT 'First Visit Time',
`order_time` STRING COMMENT 'Order Placement Time',
`pv` BIGINT COMMENT 'Page Views (Visit Count)',
`pay_amt` STRING COMMENT 'Payment Amount',
`is_matched` STRING COMMENT 'Match Status',
`ds` STRING COMMENT 'Date Partition',
PRIMARY KEY (user_id, order_id, ds) NOT ENFORCED
)
COMMENT 'Attribution Result Table'
PARTITIONED BY (ds)
WITH (
'bucket.key' = 'user_id,order_id',
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.key' = 'ds',
'table.datalake.enabled' = 'true', -- Enable Streaming-Lakehouse Unification
'table.datalake.freshness' = '3min' -- Controls Lakehouse Table Freshness
);

-- scenario: widetable
CREATE TABLE shop_stat_wide (
shop_id BIGINT NOT NULL,
stat_date STRING NOT NULL,
stat_hour STRING NOT NULL,
exp_cnt BIGINT, -- Exposure Count
page_cnt BIGINT, -- Page View Count
PRIMARY KEY (shop_id, stat_date, stat_hour) NOT ENFORCED
) WITH (
'bucket.num' = '${BUCKET_NUM}',
'bucket.key' = 'shop_id'
);

-- scenario: forecast
CREATE TABLE `fluss_catalog`.`db`.`order_dtm`
(
`ds` STRING COMMENT 'Day Partition',
`mm` STRING COMMENT 'Minute',
`order_source` STRING COMMENT 'Order Source',
`order_cnt` BIGINT COMMENT 'Order Count',
PRIMARY KEY (ds, mm, order_source) NOT ENFORCED
)
COMMENT 'Real-time Order Minute-Accumulation Stream'
PARTITIONED BY (ds)
WITH (
'bucket.key' = 'mm,order_source',
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.time-unit' = 'day',
'table.auto-partition.key' = 'ds',
'table.auto-partition.num-precreate' = '0', -- Number of future partitions to pre-create.
'table.auto-partition.num-retention' = '2', -- Retain the last N partitions; automatically delete older ones.
'table.replication.factor' = '${REPLICATION_FACTOR}',
'table.log.arrow.compression.type' = 'zstd'
);

-- scenario: forecast
CREATE TABLE `fluss_catalog`.`db`.`order_forecast_mm`
(
`ds` STRING COMMENT 'Date Partition (Format: yyyymmdd)',
`mm` STRING COMMENT 'Minute (Format: HH:mm or HHmm)',
`order_source` STRING COMMENT 'Order Source',
`cumulative_order_cnt` BIGINT COMMENT 'Cumulative Order Count up to the current minute',
`forecast_daily_order_cnt` STRING COMMENT 'Predicted Total Daily Order Volume (24h) based on historical ratios',
PRIMARY KEY (ds, mm, order_source) NOT ENFORCED
)
COMMENT 'Order Forecast Stream'
PARTITIONED BY (ds)
WITH (
'bucket.key' = 'mm,order_source',
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.time-unit' = 'day',
'table.auto-partition.key' = 'ds',
'table.auto-partition.num-precreate' = '0',
'table.auto-partition.num-retention' = '2',
'table.replication.factor' = '${REPLICATION_FACTOR}',
'table.log.arrow.compression.type' = 'zstd',
'table.datalake.enabled' = 'true', -- Enable Streaming-Lakehouse Unification
'table.datalake.freshness' = '30s' -- Controls Lakehouse Table Freshness
);

-- scenario: canary
CREATE TABLE `fluss_catalog`.`db`.`log_page_ri`
(
`col1` STRING,
`col2` STRING,
`col3` STRING,
`col4` STRING
-- ....... Intermediate fields omitted
,ds STRING
)
COMMENT 'Page View Log Stream'
PARTITIONED BY (ds) -- Partition key defined above
WITH (
'bucket.num' = '${BUCKET_NUM}',
'table.auto-partition.enabled' = 'true',
'table.auto-partition.time-unit' = 'day',
'table.auto-partition.key' = 'ds',
'table.auto-partition.num-precreate' = '0',
'table.auto-partition.num-retention' = '1',
'table.log.ttl' = '${LOG_TTL}',
'table.replication.factor'='${REPLICATION_FACTOR}',
'table.log.arrow.compression.type' = 'zstd',
'table.datalake.enabled' = 'true', -- Enable Streaming-Lakehouse Unification
'table.datalake.freshness' = '3min' -- Control lake table data freshness
)
;

-- scenario: uv
CREATE TABLE `fluss_catalog`.`db`.`user_mapping_table` (
user_id BIGINT COMMENT 'Original User ID',
uid_int64 BIGINT COMMENT 'Auto-incremented Globally Unique Integer ID',
update_time TIMESTAMP(3) COMMENT 'Update Time',
PRIMARY KEY (user_id) NOT ENFORCED
) WITH (
'bucket.key' = 'user_id',
'bucket.num' = '${BUCKET_NUM}',
'auto-increment.fields' = 'uid_int64', -- Enable auto-increment column
'table.log.arrow.compression.type' = 'zstd'
);

-- scenario: uv
CREATE TABLE IF NOT EXISTS `fluss_catalog`.`db`.`ads_uv_agg` (
ds STRING COMMENT 'Date partition yyyyMMdd',
hh STRING COMMENT 'Hour HH',
mm STRING COMMENT 'Minute mm',
shard_id INT COMMENT 'Shard ID',
uv_bitmap BYTES COMMENT 'Minute-level user bitmap',
PRIMARY KEY (ds, hh, mm, shard_id) NOT ENFORCED
)
PARTITIONED BY (ds)
WITH (
'bucket.key' = 'shard_id',
'bucket.num' = '${BUCKET_NUM}',
'table.merge-engine' = 'aggregation', -- Enable aggregation engine; otherwise, Bytes fields cannot be automatically merged
'fields.uv_bitmap.agg' = 'rbm32', -- Specify that the Bytes field uses the rbm32 algorithm for Union aggregation
'table.auto-partition.enabled' = 'true',
'table.auto-partition.time-unit' = 'day',
'table.auto-partition.key' = 'ds'
);

-- scenario: uv
CREATE TABLE fluss_catalog.db.ads_uv_detail (
ds STRING,
-- ....... Intermediate fields omitted
shard_id INT,
uid_int32 INT,
PRIMARY KEY (ds, shard_id, uid_int32) NOT ENFORCED
) WITH (
'table.datalake.enabled' = 'true', -- Enable Streaming-Lakehouse Unification
'table.datalake.freshness' = '10s' -- Second-level synchronization
);
