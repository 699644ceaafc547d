/*
 * chart.tsx — series over time, drawn by uPlot, which is fetched only when a chart is shown.
 *
 * Colours come from the page's own tokens; each series has its dash as well, so that colour is not the only sign.
 */
import { useEffect, useRef, useState } from "preact/hooks"
import { now, of, useGet } from "../api"
import { clockTime, dayName, number } from "../format"
import { t } from "../words"
import { Loading, Nothing, troubleText } from "./basics"

export interface Line {
	label: string
	points: [number, number][]
	colour?: number /* its place among the colours; default: its place among the lines */
	past?: boolean /* an earlier time drawn beside: paler and dotted */
}

const hues = { light: ["#1d4f91", "#a04800", "#1b6b3a", "#7a2d8c", "#765c00", "#0b6a75", "#9c2a4a", "#4a5563"], dark: ["#8ab6f5", "#ffb36b", "#77d197", "#d7a1ea", "#e8cc63", "#74d3de", "#ff9db4", "#aab4c2"] }
const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]]

export const colourOf = (i: number) => hues[document.documentElement.dataset.theme === "dark" ? "dark" : "light"][i % 8]

/* One list of times for all, as uPlot wants it. */
function align(lines: Line[]): (number | null)[][] {
	const times = [...new Set(lines.flatMap((l) => l.points.map((p) => p[0])))].sort((a, b) => a - b)
	const at = new Map(times.map((x, i) => [x, i]))
	return [
		times,
		...lines.map((l) => {
			const column: (number | null)[] = new Array(times.length).fill(null)
			for (const [x, y] of l.points) column[at.get(x)!] = y
			return column
		}),
	]
}

/* The time; the day too where a new one begins. */
function timeLabel(at: number, before?: number): string {
	const fresh = before === undefined || new Date(at * 1000).toDateString() !== new Date(before * 1000).toDateString()
	return clockTime(at * 1000) + (fresh ? "\n" + dayName(at * 1000) : "")
}

export function Chart({ lines, height = 220, from, to, marks = [], onZoom, label }: { lines: Line[]; height?: number; from?: number; to?: number; marks?: number[]; onZoom?: (from: number, to: number) => void; label: string }) {
	const box = useRef<HTMLDivElement>(null)
	useEffect(() => {
		let plot: { destroy: () => void; setSize: (s: { width: number; height: number }) => void } | null = null
		let gone = false
		let watch: ResizeObserver | null = null
		void import("uplot").then(({ default: UPlot }) => {
			const el = box.current
			if (gone || !el) return
			const css = getComputedStyle(document.documentElement)
			const ink = css.getPropertyValue("--ink-2")
			const line = css.getPropertyValue("--line")
			const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "11px system-ui" }
			plot = new UPlot(
				{
					width: el.clientWidth,
					height,
					legend: { show: false },
					cursor: { drag: { x: !!onZoom, y: false, setScale: false } },
					scales: { x: { time: true, ...(from && to ? { min: from, max: to } : {}) } },
					axes: [{ ...axis, space: 70, values: (_u, xs) => xs.map((x, i) => timeLabel(x, xs[i - 1])) }, { ...axis, size: 58, values: (_u, vs) => vs.map((v) => short(v)) }],
					series: [{}, ...lines.map((l, i) => ({ label: l.label, stroke: colourOf(l.colour ?? i) + (l.past ? "99" : ""), width: l.past ? 1.2 : 1.6, dash: l.past ? [2, 4] : dashes[Math.floor((l.colour ?? i) / 8) % 4], points: { show: false }, spanGaps: false }))],
					hooks: {
						setSelect: [
							(u) => {
								if (onZoom && u.select.width > 4) onZoom(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))
							},
						],
						draw: [
							(u) => {
								u.ctx.save()
								u.ctx.strokeStyle = css.getPropertyValue("--critical")
								u.ctx.setLineDash([4, 4])
								for (const m of marks) {
									const x = u.valToPos(m, "x", true)
									u.ctx.beginPath()
									u.ctx.moveTo(x, u.bbox.top)
									u.ctx.lineTo(x, u.bbox.top + u.bbox.height)
									u.ctx.stroke()
								}
								u.ctx.restore()
							},
						],
					},
				},
				align(lines) as never,
				el,
			)
			watch = new ResizeObserver(() => plot?.setSize({ width: el.clientWidth, height }))
			watch.observe(el)
		})
		return () => {
			gone = true
			watch?.disconnect()
			plot?.destroy()
		}
	}, [lines, height, from, to, document.documentElement.dataset.theme])
	return <div class="chart" ref={box} style={{ minHeight: height + "px" }} role="img" aria-label={label} />
}

export function short(v: number): string {
	const a = Math.abs(v)
	if (a >= 1e12) return number(v / 1e12, 2) + "T"
	if (a >= 1e9) return number(v / 1e9, 2) + "G"
	if (a >= 1e6) return number(v / 1e6, 2) + "M"
	if (a >= 1e4) return number(v / 1e3, 2) + "k"
	if (a && a < 0.001) return v.toExponential(1)
	return number(v, a < 1 ? 4 : a < 100 ? 2 : 1)
}

export interface PromResult {
	status: string
	warnings?: string[]
	infos?: string[]
	data: { resultType: string; result: unknown }
}
interface Series {
	metric: Record<string, string>
	values?: [number, string][]
	value?: [number, string]
}

export function metricName(m: Record<string, string>): string {
	const inner = Object.entries(m)
		.filter(([n]) => n !== "__name__")
		.map(([n, v]) => `${n}="${v}"`)
		.join(", ")
	return (m.__name__ ?? "") + (inner ? `{${inner}}` : m.__name__ ? "" : "{}")
}

export const linesOf = (r: PromResult): Line[] =>
	((r.data.result as Series[]) ?? []).map((s) => ({ label: metricName(s.metric), points: (s.values ?? []).map(([x, v]): [number, number] => [x, Number(v)]).filter(([, y]) => isFinite(y)) }))

/* Long ranges go in steps of full five minutes or hours: then the store may answer from its windows, and remembers what was asked. */
export function rangePath(expr: string, from: number, to: number, customer?: string, more = "", points = 240): string {
	const wide = (to - from) / points
	const unit = wide > 1800 ? 3600 : wide > 240 ? 300 : 1
	const step = Math.max(1, Math.ceil(wide / unit) * unit)
	const start = unit > 1 ? Math.floor(from / step) * step : Math.floor(from)
	return of(`/api/v1/query_range?query=${encodeURIComponent(expr)}&start=${start}&end=${Math.ceil(to)}&step=${step}${more}`, customer)
}

/* The expression inside an alert's generator URL, as Prometheus writes it. */
export function exprOf(url: string): string | null {
	try {
		return new URL(url, location.origin).searchParams.get("g0.expr")
	} catch {
		return null
	}
}

/* What led to the alert: its expression without the comparison would say more; the whole one says when. */
export function AlertGraph({ url, since, customer }: { url: string; since: string; customer?: string }) {
	const expr = exprOf(url)
	const [from] = useState(() => Date.parse(since) / 1000 - 3600)
	const [to] = useState(() => Math.min(now() / 1000, Date.parse(since) / 1000 + 3600))
	const bare = expr?.replace(/\s*(==|!=|>=|<=|>|<)\s*(bool\s+)?-?[\d.eE+]+\s*$/, "") ?? null
	const a = useGet<PromResult>(bare ? rangePath(bare, from, to, customer) : null)
	if (!bare) return null
	return (
		<div class="stack tight" style={{ marginTop: "8px" }}>
			{a.data ? (
				linesOf(a.data).length ? (
					<Chart lines={linesOf(a.data).slice(0, 8)} height={150} from={from} to={to} marks={[Date.parse(since) / 1000]} label={t("graph_of", { name: bare })} />
				) : (
					<Nothing title={t("no_data")} />
				)
			) : a.trouble ? (
				<span class="muted wrap">{troubleText(a.trouble)}</span>
			) : (
				<Loading rows={3} />
			)}
			<a class="mono wrap" href={`/explore?q=${encodeURIComponent(expr ?? "")}${customer ? "&customer=" + encodeURIComponent(customer) : ""}`}>
				{expr}
			</a>
		</div>
	)
}
