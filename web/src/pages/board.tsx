/* board.tsx — what one must know now: tickets by the time that is left, causes, who is on call, what just happened. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { get, may, now, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { ago, when } from "../format"
import { useLive, type JournalEvent } from "../live"
import { byUrgency, clockOf, isLate, isOver, type Cause, type Duty, type Ticket } from "../model"
import { t } from "../words"
import { Chip, Loading, Nothing, Panel, Severity, Shown, useTick } from "../ui/basics"
import { Customer } from "../ui/customer"
import { useMask } from "../ui/mask"
import { TicketList } from "../ui/ticketlist"
import { Timeline } from "../ui/timeline"

export const OPEN_TICKETS = "/api/tocsin/v1/tickets?state=open&fields=row&limit=5000"

/*
 * The open tickets, kept up by single rows: an event asks for the one ticket that it is about, not for thousands.
 */
export function useOpenTickets() {
	const all = useGet<Ticket[]>(OPEN_TICKETS)
	const [patched, setPatched] = useState<Map<number, Ticket | null>>(new Map())
	const wanted = useRef(new Set<number>())
	const timer = useRef(0)
	useEffect(() => setPatched((p) => (p.size ? new Map() : p)), [all.data])
	useLive((ev) => {
		const m = /^ticket\/(\d+)$/.exec(ev.subject)
		if (!m) return
		wanted.current.add(+m[1])
		timer.current ||= window.setTimeout(async () => {
			timer.current = 0
			const numbers = [...wanted.current]
			wanted.current.clear()
			if (numbers.length > 20) return all.again()
			const fresh = await Promise.all(numbers.map((n) => get<Ticket>(`/api/tocsin/v1/tickets/${n}`).catch(() => null)))
			setPatched((p) => {
				const next = new Map(p)
				numbers.forEach((n, i) => next.set(n, fresh[i]))
				return next
			})
		}, 150)
	})
	const tickets = useMemo(() => {
		if (!patched.size) return byUrgency(all.data ?? [])
		const by = new Map((all.data ?? []).map((k) => [k.number, k]))
		for (const [n, k] of patched) {
			if (k && !isOver(k)) by.set(n, k)
			else by.delete(n)
		}
		return byUrgency(by.values())
	}, [all.data, patched])
	return { ...all, data: all.data && tickets }
}

function Causes() {
	const causes = useGet<Cause[]>("/api/tocsin/v1/causes")
	const mask = useMask()
	useTick(30_000)
	const byCustomer = useMemo(() => {
		const groups = new Map<string, Cause[]>()
		for (const c of causes.data ?? []) groups.set(c.customer, [...(groups.get(c.customer) ?? []), c])
		return [...groups]
	}, [causes.data])
	const count = causes.data?.reduce((n, c) => n + c.count, 0)
	return (
		<Panel title={t("wrong_now")} count={count || ""} bare>
			<Shown of={causes} rows={3} empty={<Nothing title={t("all_quiet")}>{t("all_quiet_hint")}</Nothing>}>
				{() => (
					<ul class="list" style={{ maxHeight: "46vh", overflowY: "auto" }}>
						{byCustomer.map(([customer, list]) => (
							<li key={customer} style={{ padding: "8px 12px" }}>
								<h3 class="row spread">
									<a href={`/alerts?customer=${encodeURIComponent(customer)}`}>
										<Customer name={customer} />
									</a>
									<span class="muted">{list.reduce((n, c) => n + c.count, 0)}</span>
								</h3>
								<ul class="stack tight" style={{ marginTop: "6px" }}>
									{list.slice(0, 12).map((c) => (
										<li key={c.name} class="row top">
											<Severity of={c.severity} />
											<a class="grow" href={`/alerts?customer=${encodeURIComponent(customer)}&name=${encodeURIComponent(c.name)}`} style={{ color: "var(--ink)" }}>
												<span style={{ fontWeight: 550 }}>{mask.text(c.name)}</span>
												{c.count > 1 && <span class="muted"> × {c.count}</span>}
												{" "}
												{c.held_back > 0 && <Chip icon="pause">{c.held_back === c.count ? t("held_back") : t("held_back_n", { n: c.held_back })}</Chip>}
												<span class="muted" style={{ display: "block", fontSize: "12px" }}>
													{mask.text(c.summary)}
												</span>
											</a>
											<span class="muted num" style={{ fontSize: "12px" }} title={c.since}>
												{ago(c.since)}
											</span>
										</li>
									))}
									{list.length > 12 && <li class="muted">{t("and_more", { n: list.length - 12 })}</li>}
								</ul>
							</li>
						))}
					</ul>
				)}
			</Shown>
		</Panel>
	)
}

function Duties() {
	const duty = useGet<Duty[]>(may("operator") ? "/api/tocsin/v1/oncall" : null)
	const mask = useMask()
	useTick(30_000)
	if (!may("operator")) return null
	return (
		<Panel title={t("on_call_now")} bare>
			<Shown of={duty} rows={2} empty={<Nothing title={t("no_schedule")}>{t("no_schedule_hint")}</Nothing>}>
				{(list) => (
					<ul class="list">
						{list.map((d) => (
							<li key={d.schedule} class="row spread" style={{ padding: "7px 12px" }} title={d.why}>
								<a href="/oncall" class="muted ellipsis">
									{d.schedule}
								</a>
								{d.user ? <strong>{mask.name(d.user, "P")}</strong> : <Chip tone="critical">{t("hole")}</Chip>}
								<span class="muted num" style={{ fontSize: "12px" }}>
									{t("until", { at: when(d.to) })}
								</span>
							</li>
						))}
					</ul>
				)}
			</Shown>
		</Panel>
	)
}

const boring = new Set(["alert_routed", "group_notified", "access_changed", "heads_signed", "notice_sent"])

function JustHappened() {
	const journal = useGet<JournalEvent[]>("/api/tocsin/v1/events?latest=40")
	const [fresh, setFresh] = useState<Set<number>>(new Set())
	useLive((ev) => setFresh((s) => new Set([...s, ev.seq].slice(-50))))
	return (
		<Panel title={t("just_happened")} bare>
			<Shown of={journal} rows={5} empty={<Nothing title={t("nothing_happened")} />}>
				{(list) => (
					<div style={{ maxHeight: "38vh", overflowY: "auto" }} tabIndex={0} role="region" aria-label={t("just_happened")}>
						<Timeline
							subjects
							fresh={fresh}
							events={list
								.filter((e) => !boring.has(e.kind))
								.slice(-30)
								.reverse()}
						/>
					</div>
				)}
			</Shown>
		</Panel>
	)
}

/* True a frame after `ready` is: what matters most is on the screen before the rest is made. */
function useAfter(ready: boolean) {
	const [shown, setShown] = useState(false)
	useEffect(() => {
		if (ready && !shown) requestAnimationFrame(() => setTimeout(() => setShown(true)))
	}, [ready])
	return shown
}

function Beside() {
	return (
		<>
			<Causes />
			<Duties />
			<JustHappened />
		</>
	)
}

function BesideLater() {
	return (
		<>
			<Panel title={t("wrong_now")} bare>
				<Loading rows={3} />
			</Panel>
			{may("operator") && (
				<Panel title={t("on_call_now")} bare>
					<Loading rows={2} />
				</Panel>
			)}
			<Panel title={t("just_happened")} bare>
				<Loading rows={5} />
			</Panel>
		</>
	)
}

export function Board() {
	const tickets = useOpenTickets()
	const listed = useAfter(!tickets.loading)
	useTick(15_000)
	const present = new Date(now()).toISOString()
	const late = (tickets.data ?? []).filter((k) => isLate(clockOf(k)[1], present)).length
	const unowned = (tickets.data ?? []).filter((k) => k.state === "new").length
	return (
		<>
			<PageHead title={t("board")} />
			<div class="page">
				<div class="columns">
					<div class="stack" style={{ gap: "16px" }}>
						<Panel
							title={t("open_tickets")}
							count={tickets.data?.length ?? ""}
							bare
							actions={
								<span class="row">
									{late > 0 && (
										<Chip tone="critical" icon="clock">
											{t("n_late", { n: late })}
										</Chip>
									)}
									{unowned > 0 && (
										<Chip tone="medium" icon="person">
											{t("n_unowned", { n: unowned })}
										</Chip>
									)}
								</span>
							}
						>
							<Shown
								of={tickets}
								rows={6}
								empty={
									<Nothing title={t("no_open_ticket")}>
										{t("no_open_ticket_hint")} {whoAmI()?.role === "admin" && <a href="/setup">{t("setup")}</a>}
									</Nothing>
								}
							>
								{(list) => <TicketList tickets={list} height="calc(100vh - 150px)" />}
							</Shown>
						</Panel>
					</div>
					<div class="stack" style={{ gap: "16px" }}>
						{listed ? <Beside /> : <BesideLater />}
					</div>
				</div>
			</div>
		</>
	)
}
