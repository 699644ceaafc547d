/* estate.tsx — hosts and services with their state, the bad ones first. */
import { useMemo, useState } from "preact/hooks"
import { may, now, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { ago, span } from "../format"
import { setQuery, usePlace } from "../router"
import { t } from "../words"
import { Button, Chip, Nothing, Panel, Segmented, Shown, useTick } from "../ui/basics"
import { useMask } from "../ui/mask"
import { Edit } from "../ui/resource"

interface Service {
	name: string
	title: string
	check: string
	state: string
	hard: boolean
	attempt: number
	max_attempts: number
	output: string
	since: string | null
	last: string | null
}
interface Host {
	customer: string
	name: string
	title: string
	address: string
	services: Service[]
}

const tone: Record<string, string> = { ok: "good", warning: "high", critical: "critical", unknown: "medium", pending: "low" }
const rank: Record<string, number> = { critical: 0, unknown: 1, warning: 2, pending: 3, ok: 4 }
const worst = (h: Host) => Math.min(5, ...h.services.map((s) => rank[s.state] ?? 3))

function ServiceRow({ of: s }: { of: Service }) {
	const mask = useMask()
	return (
		<tr>
			<td style={{ width: "118px" }}>
				<Chip tone={tone[s.state]}>
					{s.state.toUpperCase()}
					{!s.hard && s.state !== "ok" && s.state !== "pending" ? ` ${s.attempt}/${s.max_attempts}` : ""}
				</Chip>
			</td>
			<td style={{ width: "26%" }}>
				<strong class="wrap">{mask.text(s.title || s.name)}</strong>
				<div class="muted">{s.check}</div>
			</td>
			<td class="wrap">{mask.text(s.output)}</td>
			<td class="num muted hide-narrow">{s.since ? t("for_span", { span: span(now() - Date.parse(s.since)) }) : ""}</td>
		</tr>
	)
}

interface Target {
	customer: string
	labels: Record<string, string>
	last: string
	present: boolean
}

/* Not down but gone: no rule on `up` says a word of it. */
function Vanished() {
	const gone = useGet<Target[]>(whoAmI()?.role === "contact" ? null : "/api/tocsin/v1/inventory?vanished=true")
	const mask = useMask()
	if (!gone.data?.length) return null
	return (
		<Panel title={t("vanished")} count={gone.data.length} bare>
			<p class="muted" style={{ padding: "8px 12px" }}>
				{t("vanished_hint")}
			</p>
			<div class="scroll-x">
				<table class="table">
					<tbody>
						{[...gone.data]
							.sort((a, b) => b.last.localeCompare(a.last))
							.slice(0, 200)
							.map((x) => (
								<tr key={JSON.stringify(x.labels)}>
									<td class="mono wrap">{mask.text(x.labels.instance ?? "")}</td>
									<td class="mono">{x.labels.job}</td>
									<td class="num muted">
										<time dateTime={x.last}>{ago(x.last)}</time>
									</td>
								</tr>
							))}
					</tbody>
				</table>
			</div>
		</Panel>
	)
}

export function Estate() {
	const { query } = usePlace()
	const view = query.get("view") ?? "problems"
	const hosts = useGet<Host[]>("/api/tocsin/v1/estate")
	const [make, setMake] = useState("")
	const mask = useMask()
	useTick(30_000)
	const list = useMemo(() => [...(hosts.data ?? [])].filter((h) => view === "all" || worst(h) < 4).sort((a, b) => worst(a) - worst(b) || a.name.localeCompare(b.name)), [hosts.data, view])
	const services = (hosts.data ?? []).flatMap((h) => h.services)
	const counts = ["critical", "warning", "unknown", "pending", "ok"].map((s): [string, number] => [s, services.filter((x) => x.state === s).length]).filter(([, n]) => n)
	return (
		<>
			<PageHead title={whoAmI()?.role === "contact" ? t("portal_systems") : t("estate")}>
				{may("admin") && (
					<>
						<Button icon="plus" onClick={() => setMake("host")}>
							{t("host")}
						</Button>
						<Button kind="primary" icon="plus" onClick={() => setMake("service")}>
							{t("check")}
						</Button>
					</>
				)}
			</PageHead>
			<div class="page">
				<div class="row flow spread">
					<Segmented label={t("estate")} value={view} onInput={(v) => setQuery("view", v)} options={[["problems", t("problems")], ["all", t("all")]]} />
					<div class="row flow">
						{counts.map(([s, n]) => (
							<Chip tone={tone[s]} key={s}>
								{n} {s.toUpperCase()}
							</Chip>
						))}
					</div>
				</div>
				<Vanished />
				<Shown of={{ ...hosts, data: hosts.data && list }} rows={6} empty={services.length ? <Nothing title={t("all_services_ok")}>{t("n_services", { n: services.length })}</Nothing> : <Nothing title={t("no_service")}>{t("no_service_hint")}</Nothing>}>
					{(all) => (
						<>
							{all.slice(0, 300).map((h) => (
								<Panel
									key={h.customer + "/" + h.name}
									title={
										<>
											{mask.text(h.title || h.name)} <span class="count mono">{h.address && h.address !== h.name ? mask.text(h.address) : ""}</span>
										</>
									}
									actions={
										<>
											{whoAmI()?.role !== "contact" && (
												<a class="button" href={`/explore?view=periods&q=${encodeURIComponent(`{host=${JSON.stringify(h.name)}}`)}&customer=${encodeURIComponent(h.customer)}`}>
													{t("periods")}
												</a>
											)}
											<span class="muted">{mask.name(h.customer, t("customer"))}</span>
										</>
									}
									bare
								>
									<div class="scroll-x">
										<table class="table">
											<tbody>
												{[...h.services].sort((a, b) => (rank[a.state] ?? 3) - (rank[b.state] ?? 3)).map((s) => (
													<ServiceRow of={s} key={s.name} />
												))}
											</tbody>
										</table>
									</div>
								</Panel>
							))}
						</>
					)}
				</Shown>
			</div>
			{make && <Edit kind={make} onClose={() => setMake("")} />}
		</>
	)
}
