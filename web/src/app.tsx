/* app.tsx — the shell: signing in, the rail of places, the bar, keys, what rings; and which page is shown. */
import { type ComponentChildren, type FunctionComponent } from "preact"
import { useEffect, useState } from "preact/hooks"
import { ask, clockIsWrong, forgetAll, get, may, prefetch, setMe, setSignIn, useGet, whoAmI, type Me } from "./api"
import { startLive, stopLive, useLive, useLiveState } from "./live"
import { type Cause, type Ticket } from "./model"
import { Board, OPEN_TICKETS } from "./pages/board"
import { go, usePlace } from "./router"
import { Button, Field, Nothing, TextField, Toasts, troubleText } from "./ui/basics"
import { Icon, type IconName } from "./ui/icons"
import { masked, toggleMask, useMask } from "./ui/mask"
import { Keys, Palette, type Command } from "./ui/palette"
import { Ringing, typing } from "./ui/ring"
import { languages, locale, setLocale, t, useWords, type Word } from "./words"

/* A page that is fetched when it is first shown. */
function later(load: () => Promise<FunctionComponent<{ name?: string }>>): FunctionComponent<{ name?: string }> {
	let Loaded: FunctionComponent<{ name?: string }> | null = null
	return function Later(p) {
		const [, turn] = useState(0)
		useEffect(() => {
			if (!Loaded)
				void load().then((c) => {
					Loaded = c
					turn((n) => n + 1)
				})
		}, [])
		return Loaded ? <Loaded {...p} /> : <PageHead title="" />
	}
}

interface PlaceRow {
	path: string
	icon: IconName
	word: Word
	keys: string
	right: "contact" | "viewer" | "operator" | "admin"
	page: FunctionComponent<{ name?: string }>
	hidden?: boolean
	contacts?: boolean
}

/* What one goes to from the board is fetched as soon as nothing else is to do; what does not come then is fetched when one goes there. */
const soon = { alerts: () => import("./pages/alerts"), ticket: () => import("./pages/ticket"), tickets: () => import("./pages/tickets") }
const AlertsPage = later(async () => (await soon.alerts()).Alerts)
const TicketPage = later(async () => (await soon.ticket()).TicketPage)
const TicketsPage = later(async () => (await soon.tickets()).Tickets)
const AdminPage = later(async () => (await import("./pages/admin")).Admin)
const CustomersPage = later(async () => (await import("./pages/customers")).Customers)
const EstatePage = later(async () => (await import("./pages/estate")).Estate)
const ExamplesPage = later(async () => (await import("./pages/examples")).Examples)
const ExplorePage = later(async () => (await import("./pages/explore")).Explore)
const GrowthPage = later(async () => (await import("./pages/growth")).Growth)
const OnCallPage = later(async () => (await import("./pages/oncall")).OnCall)
const RulesPage = later(async () => (await import("./pages/rules")).Rules)
const SetupPage = later(async () => (await import("./pages/setup")).Setup)
const PortalPage = later(async () => (await import("./pages/portal")).Portal)
const PortalTicketPage = later(async () => (await import("./pages/portal")).PortalTicket)

/* Every page: its path, sign, name, key (after g), and who may see it. */
const places: PlaceRow[] = [
	{ path: "", icon: "board", word: "board", keys: "b", right: "viewer", page: Board },
	{ path: "tickets", icon: "tickets", word: "tickets", keys: "t", right: "viewer", page: TicketsPage },
	{ path: "alerts", icon: "alerts", word: "alerts", keys: "a", right: "viewer", page: AlertsPage },
	{ path: "explore", icon: "explore", word: "explore", keys: "e", right: "viewer", page: ExplorePage },
	{ path: "graph", icon: "explore", word: "explore", keys: "", right: "viewer", page: ExplorePage, hidden: true },
	{ path: "growth", icon: "estate", word: "growth", keys: "", right: "viewer", page: GrowthPage, hidden: true },
	{ path: "rules", icon: "steps", word: "rules", keys: "r", right: "viewer", page: RulesPage },
	{ path: "oncall", icon: "oncall", word: "oncall", keys: "o", right: "operator", page: OnCallPage },
	{ path: "estate", icon: "estate", word: "estate", keys: "s", right: "operator", page: EstatePage },
	{ path: "customers", icon: "customers", word: "customers", keys: "c", right: "operator", page: CustomersPage },
	{ path: "admin", icon: "admin", word: "admin", keys: "d", right: "operator", page: AdminPage },
	{ path: "setup", icon: "star", word: "setup", keys: "f", right: "admin", page: SetupPage, hidden: true },
	{ path: "ticket", icon: "tickets", word: "tickets", keys: "", right: "viewer", page: TicketPage, hidden: true },
	{ path: "examples", icon: "board", word: "examples", keys: "", right: "viewer", page: ExamplesPage, hidden: true },
]
const portalPlaces: PlaceRow[] = [
	{ path: "", icon: "tickets", word: "portal", keys: "t", right: "contact", page: PortalPage },
	{ path: "estate", icon: "estate", word: "portal_systems", keys: "s", right: "contact", page: EstatePage },
	{ path: "ticket", icon: "tickets", word: "portal", keys: "", right: "contact", page: PortalTicketPage, hidden: true },
]

const isContact = () => whoAmI()?.role === "contact"
const allPlaces = () => (isContact() ? portalPlaces : places).filter((p) => may(p.right))

/* ---- theme ---- */

const storedTheme = () => localStorage.getItem("tocsin.theme") ?? ""
export function applyTheme() {
	const want = storedTheme() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
	document.documentElement.dataset.theme = want
}
function toggleTheme() {
	localStorage.setItem("tocsin.theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark")
	applyTheme()
}
function toggleWall() {
	const d = document.documentElement.dataset
	if (d.wall) delete d.wall
	else d.wall = "true"
	go("/")
}

/* ---- signing in ---- */

function SignIn({ onDone, again }: { onDone: () => void; again?: boolean }) {
	const [user, setUser] = useState(whoAmI()?.user ?? "")
	const [password, setPassword] = useState("")
	const [wrong, setWrong] = useState("")
	const [busy, setBusy] = useState(false)
	const [fresh, setFresh] = useState<string | null>(null) /* the one-time password that was used */
	const send = async (ev: Event) => {
		ev.preventDefault()
		if (busy) return
		setBusy(true)
		setWrong("")
		try {
			if (fresh !== null) {
				await ask("POST", "/api/tocsin/v1/password", { password }, false)
				onDone()
				return
			}
			const r = await ask<{ one_time?: boolean }>("POST", "/api/tocsin/v1/session", { user, password }, false)
			setMe(await ask<Me>("GET", "/api/tocsin/v1/me", undefined, false))
			if (r.one_time) {
				setFresh(password)
				setPassword("")
			} else onDone()
		} catch (e) {
			setWrong(troubleText(e))
		}
		setBusy(false)
	}
	return (
		<form onSubmit={send}>
			<div class="row">
				<img src="/assets/icon.svg" alt="" />
				<div>
					<h1>Tocsin</h1>
					<span class="muted">{fresh !== null ? t("choose_password") : again ? t("session_over") : t("sign_in_hint")}</span>
				</div>
			</div>
			{fresh === null ? (
				<>
					<TextField label={t("user")} name="user" autocomplete="username" value={user} onInput={setUser} required autofocus />
					<TextField label={t("password")} name="password" type="password" autocomplete="current-password" value={password} onInput={setPassword} required />
				</>
			) : (
				<TextField label={t("new_password")} hint={t("password_rule")} name="new" type="password" autocomplete="new-password" value={password} onInput={setPassword} required autofocus />
			)}
			{wrong && (
				<p role="alert" style={{ color: "var(--critical)" }}>
					{wrong}
				</p>
			)}
			<Button submit kind="primary" disabled={busy}>
				{fresh !== null ? t("save") : t("sign_in")}
			</Button>
			<Language />
		</form>
	)
}

function Language() {
	return (
		<Field label={t("language")}>
			{(id) => (
				<select id={id} class="input" value={locale()} onChange={(ev) => setLocale((ev.target as HTMLSelectElement).value)}>
					{languages.map(([code, name]) => (
						<option value={code} key={code}>
							{name}
						</option>
					))}
				</select>
			)}
		</Field>
	)
}

/* Asked when an answer says 401 in the middle of something: what was typed stays. */
let signedInAgain: (() => void)[] = []
function SignInAgain() {
	const [open, setOpen] = useState(false)
	useEffect(() => {
		setSignIn(
			() =>
				new Promise((done) => {
					signedInAgain.push(done)
					setOpen(true)
				}),
		)
	}, [])
	const ref = (d: HTMLDialogElement | null) => void (d && !d.open && d.showModal())
	if (!open) return null
	return (
		<dialog ref={ref} aria-label={t("sign_in")} onCancel={(ev) => ev.preventDefault()} style={{ width: "min(360px, calc(100vw - 24px))" }}>
			<SignIn
				again
				onDone={() => {
					setOpen(false)
					signedInAgain.forEach((fn) => fn())
					signedInAgain = []
					startLive()
					forgetAll()
				}}
			/>
		</dialog>
	)
}

/* ---- the shell ---- */

function Count({ path }: { path: string }) {
	const tickets = useGet<Ticket[]>(path === "tickets" && may("viewer") ? OPEN_TICKETS : null)
	const causes = useGet<Cause[]>(path === "alerts" && may("viewer") ? "/api/tocsin/v1/causes" : null)
	const n = path === "tickets" ? tickets.data?.length : path === "alerts" ? causes.data?.reduce((sum, c) => sum + c.count, 0) : undefined
	return <span class="count">{n || ""}</span>
}

function Places({ here, tabs }: { here: string; tabs?: boolean }) {
	const shown = allPlaces().filter((p) => !p.hidden)
	return (
		<>
			{(tabs ? shown.slice(0, 4) : shown).map((p) => (
				<a key={p.path} class="place" href={"/" + p.path} aria-current={p.path === here || (here === "ticket" && p.path === "tickets") ? "page" : undefined}>
					<Icon name={p.icon} />
					{t(p.word)}
					{!tabs && <Count path={p.path} />}
				</a>
			))}
		</>
	)
}

function LiveDot() {
	const state = useLiveState()
	return (
		<span class="live-dot" data-state={state} role="status">
			<span class="hide-narrow">{state === "live" ? t("live") : t("reconnecting")}</span>
		</span>
	)
}

export function PageHead({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) {
	const text = typeof title === "string" ? title : ""
	useEffect(() => {
		if (text) document.title = text + " · Tocsin"
	}, [text])
	return (
		<div class="bar">
			<h1 class="grow">{title}</h1>
			{children}
			<button type="button" class="find" onClick={() => openPalette()} aria-keyshortcuts="Control+K">
				<Icon name="search" />
				<span>{t("find")}</span>{" "}
				<kbd aria-hidden="true">Ctrl K</kbd>
			</button>
			<LiveDot />
		</div>
	)
}

let openPalette: () => void = () => {}

function useKeys(open: (what: "palette" | "keys") => void) {
	useEffect(() => {
		let led = 0 /* when g was pressed */
		const on = (ev: KeyboardEvent) => {
			if ((ev.ctrlKey || ev.metaKey) && ev.key.toLowerCase() === "k") {
				ev.preventDefault()
				open("palette")
				return
			}
			if (typing(ev) || ev.ctrlKey || ev.metaKey || ev.altKey || document.querySelector("dialog[open]")) return
			const place = Date.now() - led < 1200 ? allPlaces().find((p) => p.keys && p.keys === ev.key && !p.hidden) : undefined
			led = 0
			if (place) go("/" + place.path)
			else if (ev.key === "g") led = Date.now()
			else if (ev.key === "?") open("keys")
			else if (ev.key === "/") open("palette")
			else if (ev.key === "m") toggleMask()
			else if (ev.key === "w" && !isContact()) toggleWall()
			else return
			ev.preventDefault()
		}
		addEventListener("keydown", on)
		return () => removeEventListener("keydown", on)
	}, [])
}

async function signOut() {
	await ask("DELETE", "/api/tocsin/v1/session", undefined, false).catch(() => undefined)
	stopLive()
	location.href = "/"
}

function commands(): Command[] {
	return [
		...allPlaces()
			.filter((p) => !p.hidden || p.path === "setup" || p.path === "growth" || p.path === "examples")
			.map((p) => ({ text: t(p.word), icon: p.icon, keys: p.keys && !p.hidden ? "g " + p.keys : undefined, run: () => go("/" + p.path) })),
		...(may("operator") ? [{ text: t("open_ticket"), icon: "plus" as IconName, run: () => go("/tickets?new=1") }] : []),
		{ text: t("theme"), icon: "moon", run: toggleTheme },
		{ text: masked() ? t("unmask") : t("mask"), icon: "eye", keys: "m", run: toggleMask },
		...(isContact() ? [] : [{ text: t("wallboard"), icon: "wall" as IconName, keys: "w", run: toggleWall }]),
		{ text: t("keys"), icon: "more", keys: "?", run: () => dispatchEvent(new KeyboardEvent("keydown", { key: "?" })) },
		...(whoAmI()?.no_auth ? [] : [{ text: t("sign_out"), icon: "out" as IconName, run: () => void signOut() }]),
	]
}

function keyList(): [string, string][] {
	return [
		["Ctrl K", t("palette")],
		...allPlaces()
			.filter((p) => p.keys && !p.hidden)
			.map((p): [string, string] => ["g " + p.keys, t(p.word)]),
		["1", t("take_in_charge")],
		["2", t("pass_on")],
		["j  k", t("keys_rows")],
		["t", t("key_take")],
		["r", t("key_message")],
		["l", t("link_ticket")],
		["x", t("key_close")],
		["m", t("mask")],
		["w", t("wallboard")],
		["?", t("keys")],
	]
}

function Shell() {
	const here = usePlace()
	const [open, setOpen] = useState<"" | "palette" | "keys" | "more">("")
	useWords()
	useMask()
	useKeys(setOpen)
	useLive((ev) => {
		if (ev.kind === "access_changed" || ev.kind === "resource_applied") void get<Me>("/api/tocsin/v1/me").then(setMe)
	})
	openPalette = () => setOpen("palette")
	const pages = useGet<unknown>(may("operator") ? PAGES : null)
	const [patient, setPatient] = useState(true)
	useEffect(() => void pause(1500).then(() => setPatient(false)), [])
	/* what rings stands above everything: nothing is shown that it would push down a moment later */
	const settled = !may("operator") || !patient || !!pages.data || !!pages.trouble
	const name = here.parts[0] ?? ""
	const row = allPlaces().find((p) => p.path === name)
	const PageOf = row?.page
	return (
		<div class="shell">
			<nav class="rail" aria-label={t("places")}>
				<a class="brand" href="/">
					<img src="/assets/icon.svg" alt="" />
					Tocsin
				</a>
				<Places here={name} />
				<div class="foot">
					<div class="row flow" style={{ gap: "2px" }}>
						<Button kind="plain" icon="moon" label={t("theme")} onClick={toggleTheme} />
						<Button kind="plain" icon="eye" label={masked() ? t("unmask") : t("mask")} pressed={masked()} onClick={toggleMask} />
						{!isContact() && <Button kind="plain" icon="wall" label={t("wallboard")} onClick={toggleWall} />}
						{!whoAmI()?.no_auth && <Button kind="plain" icon="out" label={t("sign_out")} onClick={() => void signOut()} />}
					</div>
					<Language />
					<div class="muted ellipsis" style={{ padding: "2px 4px" }}>
						{whoAmI()?.no_auth ? t("nobody_signed_in") : whoAmI()?.user}
					</div>
				</div>
			</nav>
			<main class="main" id="main">
				<Ringing />
				{whoAmI()?.no_auth && <div class="notice-bar">{t("no_auth_warning")}</div>}
				{clockIsWrong() && <div class="notice-bar">{t("clock_wrong")}</div>}
				{!settled ? null : PageOf ? <PageOf key={here.parts.join("/")} name={here.parts[1]} /> : <Missing />}
			</main>
			<nav class="tabs" aria-label={t("places")}>
				<Places here={name} tabs />
				<button type="button" onClick={() => setOpen("palette")}>
					<Icon name="more" />
					{t("more")}
				</button>
			</nav>
			{open === "palette" && <Palette commands={commands()} onClose={() => setOpen("")} />}
			{open === "keys" && <Keys keys={keyList()} onClose={() => setOpen("")} />}
		</div>
	)
}

function Missing() {
	return (
		<>
			<PageHead title={t("missing")} />
			<div class="page">
				<Nothing title={t("missing")}>
					<a href="/">{t("board")}</a>
				</Nothing>
			</div>
		</>
	)
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
const PAGES = "/api/tocsin/v1/pages"
const PATIENCE = 400 /* ms that the first drawing waits for what it shows */

type Arrival = "out" | "in" | "down"

/* Finds out who is here, and what they will see first: the page is drawn once with it, unless that takes long. */
export async function arrive(): Promise<Arrival> {
	try {
		setMe(await ask<Me>("GET", "/api/tocsin/v1/me", undefined, false))
		const ahead = [may("operator") && prefetch(PAGES), location.pathname === "/" && may("viewer") && prefetch(OPEN_TICKETS)]
		await Promise.race([Promise.all(ahead), pause(PATIENCE)])
		startLive()
		void pause(PATIENCE).then(() => requestIdleCallback(() => Object.values(soon).forEach((load) => void load().catch(() => undefined))))
		return "in"
	} catch (e) {
		return (e as { status?: number }).status === 401 ? "out" : "down"
	}
}

export function App({ arrival }: { arrival: Arrival }) {
	const [state, setState] = useState(arrival)
	const look = async () => setState(await arrive())
	useWords()
	return (
		<>
			{state === "in" && <Shell />}
			{state === "out" && (
				<main class="door">
					<SignIn onDone={() => void look()} />
				</main>
			)}
			{state === "down" && (
				<main class="door">
					<div class="state-box error" role="alert">
						<strong>{t("unreachable")}</strong>
						<Button onClick={() => void look()}>{t("try_again")}</Button>
					</div>
				</main>
			)}
			<SignInAgain />
			<Toasts />
		</>
	)
}
