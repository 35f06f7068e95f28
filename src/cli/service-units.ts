/** What the units of a service depend on. All paths are absolute. */
export interface ServicePlan {
  readonly scope: 'system' | 'user'
  /** Where the unit files say that they come from. */
  readonly origin: string
  /** The Node that runs the program, and the program. */
  readonly node: string
  readonly program: string
  readonly configFile: string | undefined
  /** Make a CA at the first start. */
  readonly makesCa: boolean
}

export interface UnitFile {
  readonly name: string
  readonly text: string
}

/** Names of the sockets that the service is started by. */
export const socketUnits = ['larder.socket', 'larder-admin.socket'] as const
export const serviceUnit = 'larder.service'

/** The unit files: two sockets and the service that the first connection to either starts. */
export function unitFiles(plan: ServicePlan): readonly UnitFile[] {
  return [
    { name: socketUnits[0], text: proxySocket(plan) },
    { name: socketUnits[1], text: adminSocket(plan) },
    { name: serviceUnit, text: service(plan) },
  ]
}

function proxySocket({ origin }: ServicePlan): string {
  return `# ${origin}
# The proxy port: systemd listens, and starts the daemon when somebody connects.
[Unit]
Description=Larder, a caching proxy for builds: the proxy port

[Socket]
ListenStream=127.0.0.1:3128
ListenStream=[::1]:3128
FileDescriptorName=proxy
Service=${serviceUnit}
Backlog=4096
NoDelay=yes

[Install]
WantedBy=sockets.target
Also=${socketUnits[1]}
`
}

function adminSocket({ origin, scope }: ServicePlan): string {
  return `# ${origin}
# Health, metrics and the admin API, for ${scope === 'system' ? 'root' : 'the user'} alone.
[Unit]
Description=Larder, a caching proxy for builds: the admin socket

[Socket]
ListenStream=%t/larder/admin.sock
SocketMode=0600
DirectoryMode=${scope === 'system' ? '0755' : '0700'}
FileDescriptorName=admin
Service=${serviceUnit}
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`
}

const commonOptions = `Restart=on-failure
RestartSec=1s
TimeoutStopSec=40s
# Node has no unix datagrams: systemd-notify tells for the daemon, so it is a child that is heard.
Type=notify
NotifyAccess=all
WatchdogSec=60s
# A daemon that hangs is ended without a core dump, which would hold keys.
WatchdogSignal=SIGKILL
KillMode=mixed
`

function service(plan: ServicePlan): string {
  const { origin, scope } = plan
  const network = scope === 'system' ? 'After=network-online.target\nWants=network-online.target\n' : ''
  return `# ${origin}
# The daemon: started by its sockets, gone when nothing was asked for a while.
[Unit]
Description=Larder, a caching proxy for builds
${network}Requires=${socketUnits.join(' ')}
After=${socketUnits.join(' ')}
# Who cannot start (a wrong configuration) is given up, sockets and all, however long a start takes here.
StartLimitIntervalSec=2min
StartLimitBurst=10

[Service]
${startLines(plan)}
ExecReload=/bin/kill -HUP $MAINPID
Sockets=${socketUnits.join(' ')}
${commonOptions}${scope === 'system' ? systemHardening : userHardening}
[Install]
Also=${socketUnits.join(' ')}
`
}

function startLines({ scope, node, program, configFile, makesCa }: ServicePlan): string {
  const larder = `${quoted(node)} --disable-proto=delete --disable-sigusr1 ${quoted(program)}`
  const config = configFile === undefined ? '' : ` --config ${quoted(configFile)}`
  const lines = [
    ...(makesCa ? [`ExecStartPre=${larder} ca init --if-missing`] : []),
    `ExecStart=${larder} serve --idle-exit 15m${config}`,
  ]
  // A system service has no home; a user's daemon uses the folders of its user.
  if (scope === 'user') return lines.join('\n')
  lines.push('Environment=LARDER_DATA=/var/cache/larder', 'Environment=LARDER_CA_DIR=/var/lib/larder/ca')
  lines.push('Environment=LARDER_ADMIN=unix:/run/larder/admin.sock')
  return lines.join('\n')
}

/** As systemd reads a word with white space, and without its own meaning for `%` and `$`. */
function quoted(path: string): string {
  const plain = path.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /[\s"'\\;]/.test(plain) ? `"${plain.replace(/["\\]/g, '\\$&')}"` : plain
}

const userHardening = `
NoNewPrivileges=yes
UMask=0077
LimitCORE=0
LimitNOFILE=65536
`

const systemHardening = `
# Who it is, and what it may write
DynamicUser=yes
UMask=0077
CacheDirectory=larder
CacheDirectoryMode=0700
StateDirectory=larder
StateDirectoryMode=0700
ConfigurationDirectory=larder

# What it sees of the machine
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
# ProcSubset=pid must stay off: V8 reads its memory bounds from /proc.
ProtectProc=invisible
RemoveIPC=yes

# What it may do
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
LockPersonality=yes
# AF_NETLINK: the list of this machine's own addresses, so that the proxy never dials itself.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute must stay off: V8 compiles at run time.

# Where it may connect: never to link-local addresses, where clouds keep their credentials
IPAddressDeny=link-local

# How much it may take
LimitNOFILE=65536
LimitCORE=0
TasksMax=256
MemoryMax=2G
`
