/* whoami.exe; Wine's own knows no /groups. The integrity level tells whether the process is elevated: facts 3.9. */
#include "rig.h"

static void group(BOOL csv, const wchar_t *name, const wchar_t *type, const wchar_t *sid, const wchar_t *attributes) {
  rig_print(csv ? L"\"%ls\",\"%ls\",\"%ls\",\"%ls\"\r\n" : L"%-60ls %-16ls %-44ls %ls\r\n", name, type, sid, attributes);
}

int wmain(int count, wchar_t **words) {
  BOOL csv = FALSE, groups = FALSE, user = FALSE, heads = TRUE, elevated = rig_switch(L"elevated", NULL, 0);
  rig_record_call();
  rig_answer(L"whoami", count, words);
  for (int i = 1; i < count; i++) {
    groups = groups || !wcsicmp(words[i], L"/groups") || !wcsicmp(words[i], L"/all");
    user = user || !wcsicmp(words[i], L"/user");
    csv = csv || !wcsicmp(words[i], L"csv");
    heads = heads && wcsicmp(words[i], L"/NH");
  }
  wchar_t name[256] = L"", machine[64] = L"";
  DWORD size = COUNT(name), machine_size = COUNT(machine);
  GetUserNameW(name, &size);
  GetComputerNameW(machine, &machine_size);
  wcslwr(name), wcslwr(machine);
  if (user) {
    if (heads) rig_print(csv ? L"\"User Name\",\"SID\"\r\n" : L"\r\nUSER INFORMATION\r\n----------------\r\n\r\n");
    rig_print(csv ? L"\"%ls\\%ls\",\"%ls\"\r\n" : L"%ls\\%ls %ls\r\n", machine, name, L"S-1-5-21-1004336348-1177238915-682003330-1001");
    return 0;
  }
  if (!groups) {
    rig_print(L"%ls\\%ls\r\n", machine, name);
    return 0;
  }
  const wchar_t *kind = rig_say(L"Well-known group", L"Bekannte Gruppe", L"よく知られたグループ"), *label = rig_say(L"Label", L"Bezeichnung", L"ラベル");
  const wchar_t *on = rig_say(L"Mandatory group, Enabled by default, Enabled group", L"Verbindliche Gruppe, Standardmäßig aktiviert, Aktivierte Gruppe", L"固定グループ, 既定で有効, 有効なグループ");
  const wchar_t *deny = rig_say(L"Group used for deny only", L"Gruppe, die nur zum Ablehnen verwendet wird", L"拒否のみに使用するグループ");
  if (heads && csv) rig_print(L"%ls\r\n", rig_say(L"\"Group Name\",\"Type\",\"SID\",\"Attributes\"", L"\"Gruppenname\",\"Typ\",\"SID\",\"Attribute\"", L"\"グループ名\",\"種類\",\"SID\",\"属性\""));
  else if (heads) rig_print(L"\r\n%ls\r\n-----------------\r\n\r\n", rig_say(L"GROUP INFORMATION", L"GRUPPENINFORMATIONEN", L"グループ情報"));
  group(csv, rig_say(L"Everyone", L"Jeder", L"Everyone"), kind, L"S-1-1-0", on);
  if (!rig_switch(L"plain-user", NULL, 0))
    group(csv, rig_say(L"BUILTIN\\Administrators", L"VORDEFINIERT\\Administratoren", L"BUILTIN\\Administrators"), L"Alias", L"S-1-5-32-544", elevated ? on : deny);
  group(csv, rig_say(L"BUILTIN\\Users", L"VORDEFINIERT\\Benutzer", L"BUILTIN\\Users"), L"Alias", L"S-1-5-32-545", on);
  if (rig_switch(L"network-logon", NULL, 0)) group(csv, rig_say(L"NT AUTHORITY\\NETWORK", L"NT-AUTORITÄT\\NETZWERK", L"NT AUTHORITY\\NETWORK"), kind, L"S-1-5-2", on);
  else group(csv, rig_say(L"NT AUTHORITY\\INTERACTIVE", L"NT-AUTORITÄT\\INTERAKTIV", L"NT AUTHORITY\\INTERACTIVE"), kind, L"S-1-5-4", on);
  if (elevated) group(csv, rig_say(L"Mandatory Label\\High Mandatory Level", L"Verbindliche Beschriftung\\Hohe Verbindlichkeitsstufe", L"Mandatory Label\\High Mandatory Level"), label, L"S-1-16-12288", L"");
  else group(csv, rig_say(L"Mandatory Label\\Medium Mandatory Level", L"Verbindliche Beschriftung\\Mittlere Verbindlichkeitsstufe", L"Mandatory Label\\Medium Mandatory Level"), label, L"S-1-16-8192", L"");
  return 0;
}
