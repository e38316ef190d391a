"""Queries as people write them: long, in the manner of each dialect. (dialect, tables, SQL,
columns, rows); the form of columns and rows is that of `lineage_portable.py`. Columns that are
not listed in a case are not looked at."""

from __future__ import annotations

SALES = {
    "store_sales": "ss_sold_date_sk ss_item_sk ss_store_sk ss_customer_sk ss_quantity ss_net_paid",
    "date_dim": "d_date_sk d_year d_moy d_date",
    "item": "i_item_sk i_brand i_category i_price",
    "store": "s_store_sk s_state",
    "customer": "c_customer_sk c_first c_last",
}
SHOP = {
    "raw.orders": "id customer_id status ordered_at amount payload",
    "raw.customers": "id name country created_at",
    "raw.payments": "id order_id method amount",
}
EVENTS = {"events": "id user_id at name props items geo device", "users": "id email plan"}

LONG: list[tuple[str, dict[str, str], str, str, str]] = [
    (
        "trino",
        SALES,
        """
        with yearly as (
            select c.c_customer_sk as customer, c.c_first, d.d_year,
                   sum(ss.ss_net_paid) as paid,
                   rank() over (partition by d.d_year order by sum(ss.ss_net_paid) desc) as place
            from store_sales ss
            join date_dim d on ss.ss_sold_date_sk = d.d_date_sk
            join customer c on ss.ss_customer_sk = c.c_customer_sk
            where d.d_year in (2001, 2002)
            group by 1, 2, 3
        )
        select this.customer, this.c_first, this.paid / nullif(last.paid, 0) as growth, this.place
        from yearly this
        left join yearly last on this.customer = last.customer and this.d_year = last.d_year + 1
        where this.d_year = 2002
        order by growth desc
        limit 100
        """,
        """
        customer=customer.c_customer_sk;
        c_first=customer.c_first;
        growth=store_sales.ss_net_paid;
        place=date_dim.d_year store_sales.ss_net_paid
        """,
        """
        store_sales.ss_sold_date_sk date_dim.d_date_sk store_sales.ss_customer_sk
        customer.c_customer_sk customer.c_first date_dim.d_year store_sales.ss_net_paid
        """,
    ),
    (
        "redshift",
        SALES,
        """
        select i.i_category, s.s_state,
               sum(case when d.d_moy = 1 then ss.ss_quantity else 0 end) as jan,
               count(distinct ss.ss_customer_sk) as buyers,
               listagg(distinct i.i_brand, ', ') within group (order by i.i_brand) as brands
        from store_sales ss, date_dim d, item i, store s
        where ss.ss_sold_date_sk = d.d_date_sk and ss.ss_item_sk = i.i_item_sk
          and ss.ss_store_sk = s.s_store_sk
          and i.i_price > (
              select 1.2 * avg(j.i_price) from item j where j.i_category = i.i_category
          )
        group by rollup (i.i_category, s.s_state)
        having sum(ss.ss_net_paid) > 1000
        """,
        """
        i_category=item.i_category;
        s_state=store.s_state;
        jan=date_dim.d_moy store_sales.ss_quantity;
        buyers=store_sales.ss_customer_sk;
        brands=item.i_brand
        """,
        """
        store_sales.ss_sold_date_sk date_dim.d_date_sk store_sales.ss_item_sk
        item.i_item_sk store_sales.ss_store_sk store.s_store_sk item.i_price
        item.i_category store.s_state store_sales.ss_net_paid
        """,
    ),
    (
        "snowflake",
        SHOP,
        """
        with source as (select * from raw.orders),
        renamed as (
            select id as order_id, customer_id, lower(status) as status,
                   payload:shipping.address.city::string as city,
                   payload:lines as lines, amount / 100 as amount
            from source
        ),
        lines as (
            select o.order_id, l.index as line, l.value:sku::string as sku,
                   l.value:qty::int * o.amount as worth
            from renamed o, lateral flatten(input => o.lines, outer => true) l
        )
        select r.* exclude (lines), c.name as customer, l.sku, l.worth,
               last_value(l.sku) over (partition by r.customer_id order by l.line) as last_sku
        from renamed r
        join lines l using (order_id)
        left join raw.customers c on c.id = r.customer_id
        where r.status <> 'cancelled'
        qualify row_number() over (partition by r.order_id order by l.worth desc) = 1
        """,
        """
        order_id=raw.orders.id;
        customer_id=raw.orders.customer_id;
        status=raw.orders.status;
        city=raw.orders.payload;
        amount=raw.orders.amount;
        customer=raw.customers.name;
        sku=raw.orders.payload;
        worth=raw.orders.payload raw.orders.amount;
        last_sku=raw.orders.payload raw.orders.customer_id
        """,
        """
        raw.orders.payload raw.orders.id raw.customers.id raw.orders.customer_id
        raw.orders.status raw.orders.amount
        """,
    ),
    (
        "bigquery",
        EVENTS,
        """
        with sessions as (
            select e.user_id, item.sku, item.price * item.qty as worth,
                   (select p.value from unnest(e.props) p where p.key = 'page') as page,
                   array_length(e.items) as size
            from `events` e, unnest(e.items) as item with offset as place
            where date(e.at) >= '2026-01-01' and place < 10
        )
        select u.email, struct(s.sku, s.page) as last,
               array_agg(s.worth order by s.size desc limit 5) as top,
               countif(s.worth > 10) as big
        from sessions s
        left join users u on u.id = s.user_id
        group by u.email, s.sku, s.page
        """,
        """
        email=users.email;
        last=events.items events.props;
        top=events.items;
        big=events.items
        """,
        """
        events.items events.at users.id events.user_id users.email events.props
        """,
    ),
    (
        "spark",
        EVENTS,
        """
        with flat as (
            select id, user_id, i.sku as sku, pos, key, value, geo.country as country
            from events
            lateral view outer posexplode(items) x as pos, i
            lateral view explode(props) p as key, value
        )
        select f.country, u.plan, count(*) as n, collect_set(f.sku) as skus,
               max(struct(f.pos, f.value)).value as top,
               avg(cast(f.value as double)) as mean
        from flat f
        left semi join users v on v.id = f.user_id
        join users u on u.id = f.user_id
        where f.key = 'price'
        group by f.country, u.plan
        """,
        """
        country=events.geo;
        plan=users.plan;
        n=;
        skus=events.items;
        top=events.items events.props;
        mean=events.props
        """,
        """
        events.items events.props users.id events.user_id events.geo users.plan
        """,
    ),
    (
        "databricks",
        SHOP,
        """
        merge into raw.customers as target
        using (
            select customer_id, max(ordered_at) as seen,
                   max_by(payload:country::string, ordered_at) as country
            from raw.orders
            where status = 'paid'
            group by all
        ) as source
        on target.id = source.customer_id
        when matched and target.created_at < source.seen then
            update set target.country = coalesce(source.country, target.country)
        when not matched then
            insert (id, country, created_at)
            values (source.customer_id, source.country, source.seen)
        """,
        """
        country=raw.orders.payload raw.orders.ordered_at raw.customers.country;
        id=raw.orders.customer_id;
        created_at=raw.orders.ordered_at
        """,
        """
        raw.orders.status raw.orders.customer_id raw.customers.id
        raw.customers.created_at raw.orders.ordered_at
        """,
    ),
    (
        "tsql",
        SHOP,
        """
        with ranked as (
            select o.[id] as [order id], o.[customer_id], o.[amount], j.[city], t.[last method],
                   row_number() over (partition by o.[customer_id]
                                      order by o.[ordered_at] desc) as rn
            from [raw].[orders] as o with (nolock)
            cross apply openjson(o.[payload]) with ([city] nvarchar(50) '$.address.city') as j
            outer apply (
                select top (1) p.[method] as [last method] from [raw].[payments] as p
                where p.[order_id] = o.[id] order by p.[id] desc
            ) as t
        )
        select top 100 c.[name], r.[order id], r.[city], r.[last method],
               iif(r.[amount] > @limit, N'big', N'small') as [size],
               total = sum(r.[amount]) over (partition by c.[country])
        into #latest
        from ranked as r
        inner join [raw].[customers] as c on c.[id] = r.[customer_id]
        where r.rn = 1
        order by c.[name]
        """,
        """
        name=raw.customers.name;
        order id=raw.orders.id;
        city=raw.orders.payload;
        last method=raw.payments.method;
        size=raw.orders.amount;
        total=raw.orders.amount raw.customers.country
        """,
        """
        raw.orders.payload raw.payments.order_id raw.orders.id raw.payments.id
        raw.customers.id raw.orders.customer_id raw.orders.ordered_at raw.customers.name
        """,
    ),
    (
        "clickhouse",
        EVENTS,
        """
        with toStartOfDay(at) as day, (select max(id) from users) as last_user
        select day, name, uniqExact(user_id) as people, tag,
               quantiles(0.5, 0.9)(length(props)) as sizes,
               sumIf(geo.lat, user_id <= last_user) as lat
        from events final
        left array join items as tag
        prewhere at > now() - interval 7 day
        where device.os = 'linux'
        group by day, name, tag
        having people > 10
        order by people desc
        limit 3 by day
        limit 100
        settings max_threads = 4
        """,
        """
        day=events.at;
        name=events.name;
        people=events.user_id;
        tag=events.items;
        sizes=events.props;
        lat=events.geo events.user_id users.id
        """,
        """
        events.items events.at events.device events.name events.user_id
        """,
    ),
    (
        "postgres",
        SHOP,
        """
        with recursive months as (
            select date_trunc('month', min(ordered_at)) as month from raw.orders
            union all
            select month + interval '1 month' from months where month < now()
        ),
        paid as materialized (
            select distinct on (p.order_id) p.order_id, p.method, p.amount
            from raw.payments p order by p.order_id, p.id desc
        )
        select m.month, c.country, sum(p.amount) filter (where p.method = 'card') as card,
               string_agg(o.payload ->> 'channel', ',' order by o.status) as channels,
               (select count(*) from raw.customers n where n.created_at < m.month) as known
        from months m
        left join raw.orders o on date_trunc('month', o.ordered_at) = m.month
        left join paid p on p.order_id = o.id
        left join lateral (select country from raw.customers c where c.id = o.customer_id) c on true
        group by m.month, c.country
        """,
        """
        month=raw.orders.ordered_at;
        country=raw.customers.country;
        card=raw.payments.amount raw.payments.method;
        channels=raw.orders.payload raw.orders.status;
        known=raw.customers.created_at raw.orders.ordered_at
        """,
        """
        raw.orders.ordered_at raw.payments.order_id raw.payments.id raw.orders.id
        raw.customers.id raw.orders.customer_id raw.customers.country
        """,
    ),
    (
        "duckdb",
        SHOP,
        """
        from (
            from raw.orders o
            asof left join raw.payments p on o.id = p.order_id and o.ordered_at >= p.id
            select o.* replace (o.amount / 100 as amount), p.method
        ) q
        select customer_id, columns('^(amount|method)$'),
               list(status order by ordered_at) as path,
               list_filter(list(q.id order by q.id), lambda s: s <> max(q.amount)) as other
        where not exists (from raw.customers c where c.id = q.customer_id and c.country = 'XX')
        group by all
        """,
        """
        customer_id=raw.orders.customer_id;
        amount=raw.orders.amount;
        method=raw.payments.method;
        path=raw.orders.status raw.orders.ordered_at;
        other=raw.orders.id raw.orders.amount
        """,
        """
        raw.orders.id raw.payments.order_id raw.orders.ordered_at raw.payments.id
        raw.customers.id raw.customers.country raw.orders.customer_id raw.orders.amount
        raw.payments.method
        """,
    ),
]
