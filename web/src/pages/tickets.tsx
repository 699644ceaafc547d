/* tickets.tsx — the list of tickets with filters that can be kept, several changed at once, and opening one. */
import { useMemo, useState } from "preact/hooks"
import { may, post, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { byUrgency, priorityOf, stateOf, type Resource, type Ticket } from "../model"
import { go, setQuery, usePlace } from "../router"
import { t, type Word } from "../words"
import { attempt, Button, FormDialog, Nothing, Panel, Segmented, SelectField, Shown, TextField } from "../ui/basics"
import { TicketList } from "../ui/ticketlist"

const states = ["open", "proposed", "new", "assigned", "in_progress", "suspended", "closed", "rejected", ""]

interface Kept {
	name: string
	query: string
}
const kept = (): Kept[] => JSON.parse(localStorage.getItem("tocsin.filters") ?? "[]")

function OpenTicket({ onClose }: { onClose: () => void }) {
	const customers = useGet<Resource<{ title?: string }>[]>("/api/tocsin/v1/resources?kind=customer")
	const types = useGet<Resource<{ title: string }>[]>("/api/tocsin/v1/resources?kind=problem_type")
	const [customer, setCustomer] = useState("")
	const [type, setType] = useState("")
	const [title, setTitle] = useState("")
	const [text, setText] = useState("")
	const first = customers.data?.[0]?.name ?? "default"
	return (
		<FormDialog
			title={t("open_ticket")}
			done={t("open_ticket")}
			ready={!!title.trim()}
			onClose={onClose}
			onSend={async () => {
				const r = await post<{ number: number }>("/api/tocsin/v1/tickets", { customer: customer || first, title, description: text, ...(type ? { problem_type: type } : {}) })
				setTimeout(() => go(`/ticket/${r.number}`))
			}}
		>
			<div class="grid2">
				<SelectField label={t("customer")} value={customer || first} onInput={setCustomer} options={(customers.data ?? []).map((c) => [c.name, c.spec.title || c.name])} />
				<SelectField label={t("problem_type")} value={type} onInput={setType} options={[["", t("none")], ...(types.data ?? []).map((p): [string, string] => [p.name, p.spec.title])]} />
			</div>
			<TextField label={t("title")} value={title} onInput={setTitle} required autofocus />
			<TextField label={t("description")} value={text} onInput={setText} rows={5} />
		</FormDialog>
	)
}

export function Tickets() {
	const { query } = usePlace()
	const state = query.has("state") ? query.get("state")! : "open"
	const priority = query.get("priority") ?? ""
	const q = query.get("q") ?? ""
	const tickets = useGet<Ticket[]>(`/api/tocsin/v1/tickets?fields=row&limit=5000&state=${state}&q=${encodeURIComponent(q)}`)
	const [chosen, setChosen] = useState<Set<number>>(new Set())
	const [filters, setFilters] = useState(kept)
	const mine = query.get("mine") === "1"
	const list = useMemo(() => {
		const l = (tickets.data ?? []).filter((k) => (!priority || priorityOf(k) === priority) && (!mine || k.assignee === whoAmI()?.user))
		return state === "closed" || state === "rejected" || state === "" ? l : byUrgency(l)
	}, [tickets.data, priority, state, mine])
	const keep = () => {
		const name = [q, state && t(("state_" + state) as Word), priority && t(("priority_" + priority) as Word)].filter(Boolean).join(" · ") || t("all")
		const next = [...filters.filter((f) => f.query !== location.search), { name, query: location.search }]
		localStorage.setItem("tocsin.filters", JSON.stringify(next))
		setFilters(next)
	}
	const drop = (f: Kept) => {
		const next = filters.filter((x) => x !== f)
		localStorage.setItem("tocsin.filters", JSON.stringify(next))
		setFilters(next)
	}
	const each = async (verb: string, body: unknown, done: string) => {
		const left = new Set(chosen)
		for (const n of chosen) if (await attempt(() => post(`/api/tocsin/v1/tickets/${n}/${verb}`, body))) left.delete(n)
		if (left.size < chosen.size) await attempt(async () => undefined, done)
		setChosen(left)
	}
	const proposals = list.filter((k) => stateOf(k) === "proposed")
	return (
		<>
			<PageHead title={t("tickets")}>
				{may("operator") && (
					<Button kind="primary" icon="plus" onClick={() => setQuery("new", "1")}>
						{t("open_ticket")}
					</Button>
				)}
			</PageHead>
			<div class="page">
				<div class="row flow" role="search">
					<Segmented
						label={t("tickets")}
						value={mine ? "mine" : state === "proposed" || state === "open" ? state : ""}
						onInput={(v) => go(v === "mine" ? "/tickets?mine=1" : v === "open" ? "/tickets" : "/tickets?state=" + v)}
						options={[["open", t("state_open")], ["proposed", t("proposals")], ...(whoAmI()?.no_auth ? [] : [["mine", t("mine")] as [string, string]])]}
					/>
					<select class="input" style={{ width: "auto" }} aria-label={t("state")} value={state} onChange={(ev) => setQuery("state", (ev.target as HTMLSelectElement).value || " ".trim())}>
						{states.map((s) => (
							<option value={s} key={s}>
								{s ? t(("state_" + s) as Word) : t("all")}
							</option>
						))}
					</select>
					<select class="input" style={{ width: "auto" }} aria-label={t("priority")} value={priority} onChange={(ev) => setQuery("priority", (ev.target as HTMLSelectElement).value)}>
						<option value="">{t("any_priority")}</option>
						{["critical", "high", "medium", "low"].map((p) => (
							<option value={p} key={p}>
								{t(("priority_" + p) as Word)}
							</option>
						))}
					</select>
					<input class="input" style={{ width: "220px" }} type="search" placeholder={t("search_tickets")} aria-label={t("search_tickets")} value={q} onInput={(ev) => setQuery("q", (ev.target as HTMLInputElement).value)} />
					<Button kind="plain" icon="star" onClick={keep}>
						{t("keep_filter")}
					</Button>
					{filters.map((f) => (
						<span class="chip" data-tone={f.query === location.search ? "accent" : "low"} key={f.query}>
							<a href={"/tickets" + f.query} style={{ color: "inherit" }}>
								{f.name}
							</a>
							<button class="button plain small" style={{ minHeight: "0", padding: "0 2px" }} aria-label={t("forget_filter", { name: f.name })} onClick={() => drop(f)}>
								×
							</button>
						</span>
					))}
				</div>
				{chosen.size > 0 && (
					<div class="panel row flow" style={{ padding: "8px 12px" }} role="toolbar" aria-label={t("n_chosen", { n: chosen.size })}>
						<strong class="grow">{t("n_chosen", { n: chosen.size })}</strong>
						<Button onClick={() => void each("take", {}, t("done_take"))}>{t("take_in_charge")}</Button>
						{proposals.some((k) => chosen.has(k.number)) && <Button onClick={() => void each("accept", {}, t("done_accept"))}>{t("accept")}</Button>}
						<Button kind="danger" onClick={() => void each("close", { text: t("closed_together") }, t("done_close"))}>
							{t("close")}
						</Button>
						<Button kind="plain" onClick={() => setChosen(new Set())}>
							{t("choose_none")}
						</Button>
					</div>
				)}
				<Panel title={state ? t(("state_" + state) as Word) : t("all")} count={tickets.data ? list.length : ""} bare>
					<Shown of={{ ...tickets, data: tickets.data && list }} rows={8} empty={<Nothing title={t("no_ticket_fits")}>{t("no_ticket_fits_hint")}</Nothing>}>
						{(l) => (
							<TicketList
								tickets={l}
								height="calc(100vh - 190px)"
								checked={chosen}
								onCheck={
									may("operator")
										? (n, on) =>
												setChosen((s) => {
													const next = new Set(s)
													if (on) next.add(n)
													else next.delete(n)
													return next
												})
										: undefined
								}
							/>
						)}
					</Shown>
				</Panel>
			</div>
			{query.get("new") && <OpenTicket onClose={() => setQuery("new", "")} />}
		</>
	)
}
