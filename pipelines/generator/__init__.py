"""The demo's wholesaler: seeded events of a Chinese pharmaceutical web shop, with the truth beside them.

    generate(GeneratorOptions(events=1_000_000, days=30, seed=1, end_date=...), out)   in generate.py

Equal options give equal bytes, on any day and machine. `events` counts distinct good events; repeats and garbage come
on top. Written are

    landing/<source>/<date>-<number>.ndjson   sources web, app, miniprogram and erp; a segment is dated by the day on
                                              which the collector received its lines
    masters/skus.csv customers.csv campaigns.csv
    truth/summary.json                        the options and all counts; written last: a generation without it is torn
    truth/*.parquet                           left out with has_truth=False

    events.parquet            one row a good event: event_id, event_type, occurred_at (as the lake must show it, after
                              the contract's correction), event_date (Asia/Shanghai), happened_at (the true instant),
                              is_corrected, customer_id (as sent), actual_customer_id (who it really was; null for
                              visitors), anonymous_id, visit_number (the true visits), sku_id, query and order_id (as
                              sent), and its place: source, segment, line_number (from 1), byte_offset
    repeats.parquet           one row a repeated line: event_id and place. The first arrival is the one in events; some
                              repeats lie in another source's landing, so counts by source depend on who reads first
    rejects.parquet           one row a garbage line: place, kind, field (as the reject must name it), raw
    orders.parquet            one row an order as of the last day: its final status, ordered_at (first placed), paid_at
                              (first paid), last_at, amount (sum of its lines), channel and placed_by of the first
                              placed event, is_keyed_twice, is_sale (neither cancelled nor returned)
    order_lines.parquet       its lines, with exact money; search_id where the line itself carries one
    customer_sku_days.parquet what each customer (as sent, never null) did to each SKU on each day; order lines,
                              quantity and amount are those of sales, on the day they were ordered

How it is made, in the order of the work: world.py (catalogue, vocabulary, customers, devices) · shop.py (a day) ·
visits.py, actions.py, events.py (who comes and what they do) · orders.py, office.py (what they order, what becomes of
it) · clocks.py (requests, wrong clocks) · styles.py, lines.py (JSON) · planting.py, garbage.py · delivery.py (late,
repeated) · truth.py.
"""
