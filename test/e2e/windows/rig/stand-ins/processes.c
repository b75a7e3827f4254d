#include "rig.h"
#include <tlhelp32.h>

BOOL rig_ghost_ended(DWORD pid) {
  wchar_t *text = rig_text(RIG L"ended.txt"), *at = text, *line;
  BOOL found = FALSE;
  while (!found && (line = rig_line(&at))) found = wcstoul(line, NULL, 10) == pid;
  free(text);
  return found;
}

void rig_end_ghost(DWORD pid) {
  char line[16];
  rig_append(RIG L"ended.txt", line, sprintf(line, "%lu\n", pid));
}

/* A line of processes.txt: PID, image, session's name, session's number, services; with tabs between. */
static BOOL ghost(wchar_t *line, struct rig_process *process) {
  wchar_t *fields[5] = {0}, *at = line;
  for (int i = 0; i < 5 && at; i++) {
    fields[i] = at;
    at = wcschr(at, L'\t');
    if (at) *at++ = 0;
  }
  if (!fields[3]) return FALSE;
  *process = (struct rig_process){.pid = wcstoul(fields[0], NULL, 10), .ghost = TRUE};
  wcsncpy(process->image, fields[1], MAX_PATH - 1);
  wcsncpy(process->session, fields[2], COUNT(process->session) - 1);
  process->session_number = wcstoul(fields[3], NULL, 10);
  if (fields[4]) wcsncpy(process->services, fields[4], COUNT(process->services) - 1);
  return !rig_ghost_ended(process->pid);
}

/* What Windows runs in session 0; under a service manager's stand-in, its children too. */
static BOOL of_services(const struct rig_process *all, size_t count, const struct rig_process *process, int depth) {
  static const wchar_t *images[] = {L"services.exe", L"svchost.exe", L"plugplay.exe", L"winedevice.exe",
                                     L"rpcss.exe", L"nssm.exe"};
  const wchar_t *ending = wcsrchr(process->image, L'-');
  /* As tests call a renamed WinSW. */
  if (ending && !wcsicmp(ending, L"-service.exe")) return TRUE;
  for (size_t i = 0; i < COUNT(images); i++)
    if (!wcsicmp(process->image, images[i])) return TRUE;
  for (size_t i = 0; i < count && depth < 8; i++)
    if (!all[i].ghost && all[i].pid == process->parent && &all[i] != process)
      return of_services(all, count, &all[i], depth + 1);
  return FALSE;
}

struct rig_process *rig_processes(size_t *count) {
  struct rig_process *all = calloc(1024, sizeof *all);
  wchar_t session[32] = L"Console";
  rig_switch(L"session", session, COUNT(session));
  wchar_t *text = rig_text(RIG L"processes.txt"), *at = text, *line;
  *count = 0;
  while (*count < 512 && (line = rig_line(&at)))
    if (ghost(line, &all[*count])) (*count)++;
  free(text);
  PROCESSENTRY32W entry = {sizeof entry};
  HANDLE shot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  size_t ghosts = *count;
  for (BOOL more = Process32FirstW(shot, &entry); more && *count < 1024; more = Process32NextW(shot, &entry)) {
    struct rig_process *each = &all[(*count)++];
    each->pid = entry.th32ProcessID;
    each->parent = entry.th32ParentProcessID;
    wcscpy(each->image, entry.szExeFile);
  }
  CloseHandle(shot);
  for (size_t i = ghosts; i < *count; i++) {
    BOOL service = of_services(all, *count, &all[i], 0) || !wcscmp(session, L"Services");
    wcscpy(all[i].session, service ? L"Services" : session);
    all[i].session_number = service ? 0 : rig_number(L"session-number", 1);
  }
  return all;
}

BOOL rig_protected(const struct rig_process *process) {
  wchar_t name[64];
  swprintf(name, COUNT(name), L"protected-%ls", process->image);
  if (rig_switch(L"elevated", NULL, 0)) return FALSE;
  return rig_switch(name, NULL, 0) || (process->session_number == 0 && !rig_switch(L"session", NULL, 0));
}
