import type { Details } from '../details.ts';
import type { DOCKER } from '../docker.ts';

/** What the guide adds to the causes of container engines on Linux, and firewalls between containers and the host. */
export const DOCKER_DETAILS: Record<keyof typeof DOCKER, Details> = {
  'dk-no-host-gateway': {
    seen: '`Cannot connect to host host.docker.internal:11434 ssl:default [Name or service not known]`, `bad address`, `ENOTFOUND`',
    mend: [
      'In a compose file, give the service `extra_hosts: ["host.docker.internal:host-gateway"]`.',
      'Docker before 20.10 does not know the word `host-gateway`: write 172.17.0.1 there.',
    ],
    sources: [
      'https://github.com/odysseus-dev/odysseus/issues/164',
      'https://github.com/Mintplex-Labs/anything-llm/issues/754',
      'https://github.com/moby/moby/pull/40007',
    ],
    where: ['linux'],
    symptoms: ['name'],
  },
  'dk-host-gateway-but-loopback': {
    seen: "`Failed to connect … after 0 ms: Connection refused`, and `172.17.0.1 host.docker.internal` in the container's `/etc/hosts`",
    mend: [],
    sources: [
      'https://github.com/docker/for-linux/issues/1365',
      'https://github.com/khoj-ai/khoj/issues/1100',
      'https://github.com/sugarforever/chat-ollama/issues/52',
    ],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'dk-ufw-drops-bridge': {
    seen: "Time-outs or endless hangs from the container, `[UFW BLOCK] IN=docker0 … DPT=11434` in the kernel's log",
    mend: [
      'sudo ufw allow in on docker0 to any port 11434 proto tcp',
      'sudo ufw allow in on br-+ to any port 11434 proto tcp   # compose networks',
      'sudo ufw allow from 172.16.0.0/12 to any port 11434 proto tcp   # both, and whoever else has such an address',
    ],
    sources: [
      'https://github.com/odysseus-dev/odysseus/issues/164',
      'https://github.com/NVIDIA/NemoClaw/issues/3340',
      'https://github.com/moby/moby/issues/49288',
    ],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'dk-ufw-rule-covers-docker0-only': {
    seen: '`docker run` works and compose times out; `[UFW BLOCK] IN=br-… SRC=172.18.0.2`',
    mend: [
      "docker network inspect NETWORK --format '{{range .IPAM.Config}}{{.Subnet}}{{end}}'",
      'sudo ufw allow from SUBNET to any port 11434 proto tcp',
    ],
    sources: [
      'https://github.com/chaifeng/ufw-docker/issues/105',
      'https://github.com/chaifeng/ufw-docker/issues/76',
      'https://github.com/chaifeng/ufw-docker/issues/53',
    ],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'dk-firewalld-reject': {
    seen: '`No route to host` (EHOSTUNREACH) at once from the container, on Fedora, RHEL or openSUSE',
    mend: [
      'sudo firewall-cmd --permanent --zone=docker --add-port=11434/tcp && sudo firewall-cmd --reload',
      'sudo firewall-cmd --get-active-zones   # which zone the bridge of a compose network is in',
    ],
    sources: [
      'https://github.com/firewalld/firewalld/issues/1452',
      'https://github.com/sugarforever/chat-ollama/issues/52',
      'https://github.com/moby/moby/issues/16137',
    ],
    where: ['linux'],
    symptoms: ['noroute'],
  },
  'firewall-drops-containers': {
    seen: 'Time-outs from the container; the same address answers on the host',
    mend: ['sudo nft list ruleset   # which rule it is; or: sudo iptables -S INPUT'],
    sources: ['https://docs.docker.com/engine/network/packet-filtering-firewalls/'],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'firewall-rejects-containers': {
    seen: '`No route to host` or `Connection refused` at once from the container; the same address answers on the host',
    mend: ['sudo nft list ruleset   # which rule it is; or: sudo iptables -S INPUT'],
    sources: ['https://docs.docker.com/engine/network/packet-filtering-firewalls/'],
    where: ['linux'],
    symptoms: ['noroute', 'refused'],
  },
  'kept-out-by-allow': {
    seen: 'Time-outs from one container after `setup --allow`, while others get through',
    mend: ['npx stigmer-setup-ollama   # again, where its network is new and has a bridge with a name of its own'],
    sources: ['https://wiki.nftables.org/wiki-nftables/index.php/Matching_packet_metainformation'],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'firewall-unseen': {
    seen: '`only root may read the rules of the kernel`, or a rule that hangs on more than the packet',
    mend: ['sudo nft list ruleset'],
    sources: ['https://docs.docker.com/engine/network/packet-filtering-firewalls/'],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'firewall-opening': {
    seen: 'firewalld after a new network; nftables or iptables after a reboot; NixOS, or ufw with rules in another place',
    mend: ['sudo npx stigmer-setup-ollama --yes --open-firewall   # again, after a new network'],
    sources: ['https://firewalld.org/documentation/man-pages/firewall-cmd.html'],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'filter-not-loaded': {
    seen: 'Other machines get through after `setup --allow`; somebody ran `nft flush ruleset`, or the service was not started since',
    mend: ['sudo systemctl restart ollama'],
    sources: ['https://wiki.nftables.org/wiki-nftables/index.php/Operations_at_ruleset_level'],
    where: ['linux'],
    symptoms: ['other'],
  },
  'filter-stays': {
    seen: 'After `undo --no-restart` other machines are still kept out',
    mend: ['sudo systemctl restart ollama'],
    sources: ['https://wiki.nftables.org/wiki-nftables/index.php/Configuring_tables'],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'dk-firewall-check-that-lies': {
    seen: 'The hint to run `ufw allow …` comes again and again; or "healthy" on the host while containers hang',
    mend: [
      'Refused means that nobody listens there, a time-out that packets vanish, "no route" that something turns them away.',
    ],
    sources: ['https://github.com/NVIDIA/NemoClaw/issues/3456', 'https://github.com/NVIDIA/NemoClaw/issues/3340'],
    where: ['linux'],
    symptoms: ['timeout', 'refused'],
  },
  'dk-desktop-for-linux-vm': {
    seen: '`--network host` with localhost is refused, `host.docker.internal` works',
    mend: ['Or turn on "Enable host networking" in Docker Desktop, Settings, Resources, Network (4.34 and later).'],
    sources: ['https://github.com/docker/desktop-linux/issues/87'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'dk-desktop-host-networking-off': {
    seen: "With `--network=host` the app's page does not load, or Ollama on localhost is refused",
    mend: ['Or turn on "Enable host networking" in Settings, Resources, Network (4.34 and later).'],
    sources: [
      'https://github.com/open-webui/open-webui/issues/3959',
      'https://github.com/docker/for-mac/issues/1031',
      'https://docs.docker.com/engine/network/drivers/host/',
    ],
    where: ['macos', 'windows'],
    symptoms: ['refused'],
  },
  'dk-desktop-internal-names-missing': {
    seen: "`ping: bad address 'host.docker.internal'` on Docker Desktop",
    mend: ['Update Docker Desktop (4.19 had this fault), and take `"dns"` out of its engine settings.'],
    sources: ['https://github.com/docker/for-win/issues/13463', 'https://github.com/docker/for-win/issues/13966'],
    where: ['macos', 'windows', 'linux'],
    symptoms: ['name'],
  },
  'dk-rootless-docker': {
    seen: 'Neither `host.docker.internal` with host-gateway nor `--network=host` reaches Ollama',
    mend: [
      'systemctl --user edit docker   # [Service] Environment=DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false',
      "With that, and slirp4netns, the host's 127.0.0.1 is 10.0.2.2 in containers.",
    ],
    sources: [
      'https://github.com/open-webui/open-webui/issues/579',
      'https://github.com/moby/moby/blob/master/contrib/dockerd-rootless.sh',
    ],
    where: ['linux'],
    symptoms: ['refused', 'noroute'],
  },
  'pm-rootless-pasta-or-slirp': {
    seen: '`Cannot connect to host 169.254.1.2:11434`, or `10.0.2.2 … Network is unreachable`',
    mend: [
      'OLLAMA_BASE_URL=http://host.containers.internal:11434',
      'podman run --network pasta:--map-host-loopback,169.254.1.3 --add-host host.containers.internal:169.254.1.3 IMAGE',
      'podman run --network slirp4netns:allow_host_loopback=true IMAGE   # then call 10.0.2.2',
    ],
    sources: [
      'https://github.com/open-webui/open-webui/issues/14204',
      'https://github.com/podman-container-tools/podman/issues/10180',
      'https://github.com/podman-container-tools/podman/issues/23782',
      'https://github.com/podman-container-tools/podman/discussions/28456',
    ],
    where: ['linux'],
    symptoms: ['refused', 'noroute'],
  },
  'dk-vpn-steals-route': {
    seen: 'Time-outs from containers only while the VPN is connected',
    mend: ['Give Docker other addresses in daemon.json (`bip`, `default-address-pools`), or ask for a split tunnel.'],
    sources: ['https://github.com/docker/for-win/issues/13566', 'https://github.com/docker/for-mac/issues/2820'],
    where: ['any'],
    symptoms: ['timeout'],
  },
};
