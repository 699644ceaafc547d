/* periods.tsx — each series within the last hour, day, week, month and year, and how much more it is than the period before. */
import { of, useGet } from "../api"
import { exactTime, number } from "../format"
import { t, type Word } from "../words"
import { Nothing, Shown } from "./basics"
import { metricName, short } from "./chart"

interface Figures {
	min: number | null
	avg: number | null
	max: number | null
	last: number | null
	increase?: number
}
type Pair = { now: Figures | null; before: Figures | null }
type Summed = { metric: Record<string, string>; counter: boolean } & Record<string, unknown>
interface Summary {
	spans: { name: string; before: string; from: string; to: string }[]
	windows_only: boolean
	series: Summed[]
}

const figure = (v: number | null | undefined) => (v === null || v === undefined ? "" : short(v))

/* In percent of what it was; a change of less than a half is none. */
function Change({ now, before }: { now?: number | null; before?: number | null }) {
	if (now === null || now === undefined || !before) return <td class="num muted" />
	const percent = ((now - before) / Math.abs(before)) * 100
	return (
		<td class="num mono" title={short(before)}>
			{Math.abs(percent) < 0.5 ? "±0 %" : `${percent > 0 ? "+" : "−"}${number(Math.abs(percent), Math.abs(percent) < 10 ? 1 : 0)} %`}
		</td>
	)
}

function Rows({ of: s, spans }: { of: Summed; spans: Summary["spans"] }) {
	const there = spans.filter((x) => (s[x.name] as Pair).now || (s[x.name] as Pair).before)
	return (
		<tbody>
			<tr>
				<td class="mono wrap" colSpan={7} style={{ paddingTop: "10px" }}>
					<strong>{metricName(s.metric)}</strong>
				</td>
			</tr>
			{there.map((x) => {
				const { now, before } = s[x.name] as Pair
				return (
					<tr key={x.name}>
						<td title={`${exactTime(Date.parse(x.from))} – ${exactTime(Date.parse(x.to))}`}>{t(("period_" + x.name) as Word)}</td>
						<td class="num mono">{s.counter ? now && "+" + figure(now.increase) : figure(now?.avg)}</td>
						{s.counter ? <Change now={now?.increase} before={before?.increase} /> : <Change now={now?.avg} before={before?.avg} />}
						<td class="num mono">{figure(now?.min)}</td>
						<td class="num mono">{figure(now?.max)}</td>
						{s.counter ? <td /> : <Change now={now?.max} before={before?.max} />}
						<td class="num mono">{figure(now?.last)}</td>
					</tr>
				)
			})}
		</tbody>
	)
}

const SHOWN = 200

export function Periods({ selector, customer, limit = 1000 }: { selector: string; customer: string; limit?: number }) {
	const a = useGet<Summary>(of(`/api/tocsin/v1/summary?match[]=${encodeURIComponent(selector)}&limit=${limit}`, customer))
	return (
		<Shown of={a} rows={6}>
			{(r) =>
				!r.series.length ? (
					<Nothing title={t("no_data")}>{t("no_data_hint")}</Nothing>
				) : (
					<>
						{r.windows_only && <p class="wrap notice-bar">{t("windows_only")}</p>}
						<div class="scroll-x" style={{ maxHeight: "60vh", overflowY: "auto" }} tabIndex={0} role="region" aria-label={t("periods")}>
							<table class="table dense">
								<thead>
									<tr>
										<th>{t("period")}</th>
										<th class="num">{[r.series.some((s) => !s.counter) && t("mean"), r.series.some((s) => s.counter) && t("period_increase")].filter(Boolean).join(" / ")}</th>
										<th class="num">{t("period_change")}</th>
										<th class="num">{t("smallest")}</th>
										<th class="num">{t("largest")}</th>
										<th class="num">{t("period_change")}</th>
										<th class="num">{t("newest")}</th>
									</tr>
								</thead>
								{r.series.slice(0, SHOWN).map((s) => (
									<Rows of={s} spans={r.spans} key={metricName(s.metric)} />
								))}
							</table>
						</div>
						{r.series.length > SHOWN && <p class="muted">{t("only_first", { n: SHOWN, all: r.series.length })}</p>}
					</>
				)
			}
		</Shown>
	)
}
