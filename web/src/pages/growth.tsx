/* growth.tsx — what makes the store grow: which label has how many values, since when, and from whom. */
import { of, useGet } from "../api"
import { PageHead } from "../app"
import { ago, number } from "../format"
import { setQuery, usePlace } from "../router"
import { t } from "../words"
import { Button, Nothing, Panel, Shown, useTick } from "../ui/basics"
import { Customer, CustomerField } from "../ui/customer"
import { useMask } from "../ui/mask"

interface Usage {
	name: string
	values?: number
	series: number
	fresh: number
	since: string | null
}
interface Growth {
	customer: string
	series: number
	began: number[]
	labels: Usage[]
	metrics: Usage[]
	jobs: Usage[]
}
interface LabelGrowth {
	customer: string
	label: Usage
	began: number[]
	newest: Usage[]
	jobs: Usage[]
}

interface Limit {
	used: number
	limit: number
	refused: number
}
interface Limits {
	customer: string
	series: Limit
	samples_per_second: Limit
	series_labels: Limit
	series_label_size: Limit
}

/* How many began in each of the last 24 hours, the present one at the right. */
function Hours({ of: hours, what }: { of: number[]; what: string }) {
	const most = Math.max(1, ...hours)
	const ordered = [...hours].reverse()
	return (
		<figure class="hours" role="img" aria-label={t("began_by_hour", { what, n: number(hours.reduce((a, b) => a + b, 0)) })}>
			<svg viewBox="0 0 240 60" preserveAspectRatio="none" aria-hidden="true">
				{ordered.map((n, i) => (
					<rect key={i} x={i * 10 + 1} width="8" y={60 - (n / most) * 58} height={(n / most) * 58} />
				))}
			</svg>
			<figcaption class="row spread muted">
				<span>{t("a_day_ago")}</span>
				<span>{t("most_in_an_hour", { n: number(most === 1 && !hours.some(Boolean) ? 0 : most) })}</span>
				<span>{t("now")}</span>
			</figcaption>
		</figure>
	)
}

function Usages({ title, list, values, open }: { title: string; list: Usage[]; values?: boolean; open?: (name: string) => string }) {
	const mask = useMask()
	return (
		<Panel title={title} count={list.length} bare>
			<div class="scroll-x" tabIndex={0} role="region" aria-label={title}>
				<table class="table">
					<thead>
						<tr>
							<th>{t("name")}</th>
							{values && <th class="num">{t("values")}</th>}
							<th class="num">{t("series")}</th>
							<th class="num">{t("new_in_a_day")}</th>
							<th class="num">{t("since")}</th>
						</tr>
					</thead>
					<tbody>
						{list.map((u) => (
							<tr key={u.name}>
								<td class="mono wrap">{open ? <a href={open(u.name)}>{u.name}</a> : mask.text(u.name)}</td>
								{values && <td class="num">{number(u.values ?? 0)}</td>}
								<td class="num">{number(u.series)}</td>
								<td class="num">{u.fresh ? <strong>{number(u.fresh)}</strong> : 0}</td>
								<td class="num muted" title={u.since ?? undefined}>
									{u.since ? ago(u.since) : ""}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</Panel>
	)
}

const refused = (l: Limits) => l.series.refused + l.samples_per_second.refused + l.series_labels.refused + l.series_label_size.refused

/* What is used of a limit; strong where little is left. */
function Used({ of: l }: { of: Limit }) {
	if (!l.limit) return <>{number(Math.round(l.used))}</>
	const text = t("of_limit", { n: number(Math.round(l.used)), limit: number(l.limit) })
	return l.used >= 0.9 * l.limit ? <strong>{text}</strong> : <>{text}</>
}

/* Who is near a limit, or was over one; nothing where nobody has any. */
function CustomerLimits({ customer }: { customer: string }) {
	const a = useGet<Limits[]>("/api/tocsin/v1/limits")
	const list = (a.data ?? []).filter((l) => (!customer || l.customer === customer) && (l.series.limit || l.samples_per_second.limit || refused(l)))
	if (!list.length) return null
	return (
		<Panel title={t("customer_limits")} count={list.length} bare>
			<div class="scroll-x" tabIndex={0} role="region" aria-label={t("customer_limits")}>
				<table class="table">
					<thead>
						<tr>
							<th>{t("customer")}</th>
							<th class="num">{t("series")}</th>
							<th class="num">{t("samples_a_second")}</th>
							<th class="num">{t("refused_since_start")}</th>
						</tr>
					</thead>
					<tbody>
						{list.map((l) => (
							<tr key={l.customer}>
								<td>
									<Customer name={l.customer} />
								</td>
								<td class="num">
									<Used of={l.series} />
								</td>
								<td class="num">
									<Used of={l.samples_per_second} />
								</td>
								<td class="num">{refused(l) ? <strong>{number(refused(l))}</strong> : 0}</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</Panel>
	)
}

function OneLabel({ label, customer }: { label: string; customer: string }) {
	const a = useGet<LabelGrowth[]>(of(`/api/tocsin/v1/cardinality?label=${encodeURIComponent(label)}`, customer))
	return (
		<Shown of={a} rows={6}>
			{(all) =>
				all.map((g) => (
					<div class="stack" key={g.customer} style={{ gap: "16px" }}>
						<Panel title={t("label_has", { name: g.label.name, n: number(g.label.values ?? 0) })} actions={<Button small onClick={() => setQuery("label", "")}>{t("all_labels")}</Button>}>
							<Hours of={g.began} what={t("values")} />
						</Panel>
						<div class="columns">
							<Usages title={t("newest_values")} list={g.newest} />
							<Usages title={t("jobs_with_it")} list={g.jobs} />
						</div>
					</div>
				))
			}
		</Shown>
	)
}

function AllLabels({ customer }: { customer: string }) {
	const a = useGet<Growth[]>(of("/api/tocsin/v1/cardinality", customer))
	return (
		<Shown of={a} rows={8}>
			{(all) =>
				all.map((g) =>
					g.series ? (
						<div class="stack" key={g.customer} style={{ gap: "16px" }}>
							<Panel title={<>{t("n_series", { n: number(g.series) })} · <Customer name={g.customer} /></>}>
								<Hours of={g.began} what={t("series")} />
							</Panel>
							<Usages title={t("labels")} list={g.labels} values open={(name) => `/growth?label=${encodeURIComponent(name)}${customer ? "&customer=" + encodeURIComponent(customer) : ""}`} />
							<div class="columns">
								<Usages title={t("metrics")} list={g.metrics} open={(name) => `/explore?view=table&q=${encodeURIComponent(name)}${customer ? "&customer=" + encodeURIComponent(customer) : ""}`} />
								<Usages title={t("jobs")} list={g.jobs} />
							</div>
						</div>
					) : (
						<Nothing key={g.customer} title={t("no_series")}>
							{t("no_series_hint")}
						</Nothing>
					),
				)
			}
		</Shown>
	)
}

export function Growth() {
	const { query } = usePlace()
	const customer = query.get("customer") ?? ""
	const label = query.get("label") ?? ""
	useTick(60_000)
	return (
		<>
			<PageHead title={t("growth")}>
				<CustomerField value={customer} onInput={(v) => setQuery("customer", v)} />
			</PageHead>
			<div class="page">
				{!label && <CustomerLimits customer={customer} />}
				{label ? <OneLabel label={label} customer={customer} /> : <AllLabels customer={customer} />}
			</div>
		</>
	)
}
