-- Distinct users by StarRocks, of the rows that `uv --option=B` writes and Fluss tiers to Paimon.
-- The same as `uv --batch --option=B --ds=YYYYMMDD` computes without StarRocks, which is how its meaning is tested.
-- Replace what stands in ${...}. For StarRocks 3.2 or later.

-- The lake, once. Another catalog than files: see StarRocks' page on Paimon catalogs.
CREATE EXTERNAL CATALOG paimon_catalog
PROPERTIES (
  "type" = "paimon",
  "paimon.catalog.type" = "filesystem",
  "paimon.catalog.warehouse" = "${WAREHOUSE}"
);

-- The reference's query: users a day. The shards are disjoint, so their counts add up.
-- As in the reference it counts everybody who did anything; TO_BITMAP takes uid_int32 as it is never negative.
SELECT
  t.ds,
  SUM(t.rb_partial) AS rbm_user_count
FROM (
  SELECT
    ds,
    shard_id,
    BITMAP_UNION_COUNT(TO_BITMAP(uid_int32)) AS rb_partial
  FROM paimon_catalog.uv.ads_uv_detail
  WHERE ds = '${DS}'
  GROUP BY ds, shard_id
) t
GROUP BY t.ds;

-- The same kept as a view, in a database of StarRocks itself. It is refreshed as a whole for the day it names, so give
-- a view to each day, or take the WHERE away and let it be partitioned by ds.
CREATE MATERIALIZED VIEW mv_global_uv
REFRESH ASYNC EVERY (INTERVAL 10 SECOND)
AS
SELECT
  t.ds,
  SUM(t.rb_partial) AS rbm_user_count
FROM (
  SELECT
    ds,
    shard_id,
    BITMAP_UNION_COUNT(TO_BITMAP(uid_int32)) AS rb_partial
  FROM paimon_catalog.uv.ads_uv_detail
  WHERE ds = '${DS}'
  GROUP BY ds, shard_id
) t
GROUP BY t.ds;

-- Users a minute of each behavior, and the steps of the funnel, as the table uv_minute has them. For uv_hour and uv_day
-- leave mm, or hh and mm, out.
WITH of_shard AS (
  SELECT
    ds,
    hh,
    mm,
    shard_id,
    BITMAP_UNION(IF(behavior = 'exp', TO_BITMAP(uid_int32), BITMAP_EMPTY())) AS exp,
    BITMAP_UNION(IF(behavior = 'page', TO_BITMAP(uid_int32), BITMAP_EMPTY())) AS page,
    BITMAP_UNION(IF(behavior = 'click', TO_BITMAP(uid_int32), BITMAP_EMPTY())) AS click,
    BITMAP_UNION(IF(behavior = 'ord', TO_BITMAP(uid_int32), BITMAP_EMPTY())) AS ord
  FROM paimon_catalog.uv.ads_uv_detail
  WHERE ds = '${DS}'
  GROUP BY ds, hh, mm, shard_id
)
SELECT
  ds,
  hh,
  mm,
  SUM(BITMAP_COUNT(exp)) AS exp_uv,
  SUM(BITMAP_COUNT(page)) AS page_uv,
  SUM(BITMAP_COUNT(click)) AS click_uv,
  SUM(BITMAP_COUNT(ord)) AS ord_uv,
  SUM(BITMAP_COUNT(BITMAP_AND(exp, page))) AS exp_page_uv,
  SUM(BITMAP_COUNT(BITMAP_AND(page, click))) AS page_click_uv,
  SUM(BITMAP_COUNT(BITMAP_AND(click, ord))) AS click_ord_uv,
  SUM(BITMAP_COUNT(BITMAP_AND(page, ord))) AS page_ord_uv,
  SUM(BITMAP_COUNT(BITMAP_AND(exp, page, click, ord))) AS funnel_uv
FROM of_shard
GROUP BY ds, hh, mm;
