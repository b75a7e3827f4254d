/*
 * netstat.exe -ano. Wine's own never prints a listener (facts/windows.md 12.3). The listeners are the real ones; under
 * Wine the wineserver owns all sockets, so the owners are told by the servers themselves (live\PID.txt) or by a switch
 * "owner-PORT". Rows that only a test knows of stand in netstat.txt. Shape: facts/windows.md 6.3.
 */
#include "rig.h"
#include <iphlpapi.h>

static BOOL all, pids;
static wchar_t only[16];

static DWORD owner(const wchar_t *local, int port) {
  WIN32_FIND_DATAW found;
  wchar_t name[64], path[MAX_PATH];
  swprintf(name, COUNT(name), L"owner-%d", port);
  DWORD pid = rig_number(name, 4);
  HANDLE search = FindFirstFileW(RIG L"live\\*.txt", &found);
  for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
    swprintf(path, MAX_PATH, RIG L"live\\%ls", found.cFileName);
    wchar_t *text = rig_text(path), *at = text, *line;
    while ((line = rig_line(&at)))
      if (!wcscmp(line, local)) pid = wcstoul(found.cFileName, NULL, 10);
    free(text);
  }
  return pid;
}

static const wchar_t *state(const wchar_t *word) {
  if (!wcscmp(word, L"LISTENING")) return rig_say(word, L"ABHÖREN", word);
  if (!wcscmp(word, L"ESTABLISHED")) return rig_say(word, L"HERGESTELLT", word);
  if (!wcscmp(word, L"TIME_WAIT")) return rig_say(word, L"WARTEND", word);
  return word;
}

static void row(const wchar_t *protocol, const wchar_t *local, const wchar_t *remote, const wchar_t *word, DWORD pid) {
  BOOL six = *local == L'[';
  if (!all && (!wcscmp(word, L"LISTENING") || !*word)) return;
  if (*only && (wcsnicmp(only, protocol, 3) || six != (wcslen(only) > 3))) return;
  rig_print(L"  %-5ls  %-21ls  %-21ls  %-15ls", protocol, local, remote, state(word));
  if (pids) rig_print(L"  %lu", pid);
  rig_print(L"\r\n");
}

static void listener(const wchar_t *address, int port, const wchar_t *remote) {
  wchar_t local[96];
  swprintf(local, COUNT(local), wcschr(address, L':') ? L"[%ls]:%d" : L"%ls:%d", address, port);
  row(L"TCP", local, remote, L"LISTENING", owner(local, port));
}

static void told(const wchar_t *protocol, BOOL six) {
  wchar_t *text = rig_text(RIG L"netstat.txt"), *at = text, *line, *next;
  while ((line = rig_line(&at))) {
    wchar_t *fields[5] = {L"", L"", L"", L"", L""}, *field = wcstok_s(line, L" ", &next);
    for (int i = 0; field && i < 5; i++, field = wcstok_s(NULL, L" ", &next)) fields[i] = field;
    BOOL udp = !wcscmp(fields[0], L"UDP");
    if (wcscmp(fields[0], protocol) || (*fields[1] == L'[') != six) continue;
    DWORD pid = wcstoul(fields[udp ? 3 : 4], NULL, 10);
    if (!rig_ghost_ended(pid)) row(fields[0], fields[1], fields[2], udp ? L"" : fields[3], pid);
  }
  free(text);
}

static void listeners4(void) {
  DWORD size = 1 << 16;
  MIB_TCPTABLE_OWNER_PID *table = malloc(size);
  if (GetExtendedTcpTable(table, &size, TRUE, AF_INET, TCP_TABLE_OWNER_PID_LISTENER, 0)) return;
  for (DWORD i = 0; i < table->dwNumEntries; i++) {
    wchar_t address[64];
    InetNtopW(AF_INET, &table->table[i].dwLocalAddr, address, COUNT(address));
    listener(address, ntohs(table->table[i].dwLocalPort), L"0.0.0.0:0");
  }
}

static BOOL dual(int port) {
  wchar_t local[32];
  swprintf(local, COUNT(local), L"0.0.0.0:%d", port);
  return owner(local, port) != 4;
}

static void listeners6(BOOL mapped) {
  DWORD size = 1 << 16;
  MIB_TCP6TABLE_OWNER_PID *table = malloc(size);
  if (GetExtendedTcpTable(table, &size, TRUE, AF_INET6, TCP_TABLE_OWNER_PID_LISTENER, 0)) return;
  for (DWORD i = 0; i < table->dwNumEntries; i++) {
    wchar_t address[64];
    int port = ntohs(table->table[i].dwLocalPort);
    InetNtopW(AF_INET6, table->table[i].ucLocalAddr, address, COUNT(address));
    if (!mapped) listener(address, port, L"[::]:0");
    /* Windows shows a dual-stack socket twice (facts 4.2). */
    else if (!wcscmp(address, L"::") && dual(port)) listener(L"0.0.0.0", port, L"0.0.0.0:0");
  }
}

static void options(int count, wchar_t **words) {
  for (int i = 1; i < count; i++) {
    if (*words[i] != L'-' && *words[i] != L'/') continue;
    for (wchar_t *letter = words[i] + 1; *letter; letter++) {
      all = all || towlower(*letter) == L'a';
      pids = pids || towlower(*letter) == L'o';
      if (towlower(*letter) == L'p' && i + 1 < count) wcsncpy(only, words[i + 1], COUNT(only) - 1);
    }
  }
}

int wmain(int count, wchar_t **words) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  rig_record_call();
  rig_answer(L"netstat", count, words);
  options(count, words);
  rig_print(L"\r\n%ls\r\n\r\n", rig_say(L"Active Connections", L"Aktive Verbindungen", L"アクティブな接続"));
  rig_print(rig_say(L"  Proto  Local Address          Foreign Address        State         ",
                    L"  Proto  Lokale Adresse         Remoteadresse          Status        ",
                    L"  プロトコル  ローカル アドレス      外部アドレス           状態          "));
  rig_print(pids ? L"  PID\r\n" : L"\r\n");
  listeners4();
  listeners6(TRUE);
  told(L"TCP", FALSE);
  listeners6(FALSE);
  told(L"TCP", TRUE);
  told(L"UDP", FALSE);
  told(L"UDP", TRUE);
  return 0;
}
