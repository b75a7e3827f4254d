/* tasklist.exe, a stub under Wine. Shape: facts/windows.md 6.4. */
#include "rig.h"

enum form { TABLE, CSV, LIST };

static BOOL wanted(const struct rig_process *process, const wchar_t *filter) {
  wchar_t name[32], operator[8], value[MAX_PATH];
  if (swscanf(filter, L"%31ls %7ls %259l[^\n]", name, operator, value) != 3) return TRUE;
  BOOL equal = TRUE;
  size_t length = wcslen(value);
  if (!wcsicmp(name, L"PID")) equal = process->pid == wcstoul(value, NULL, 10);
  else if (!wcsicmp(name, L"SESSION")) equal = process->session_number == wcstoul(value, NULL, 10);
  else if (!wcsicmp(name, L"IMAGENAME") && length > 0 && value[length - 1] == L'*')
    equal = !wcsnicmp(process->image, value, length - 1);
  else if (!wcsicmp(name, L"IMAGENAME")) equal = !wcsicmp(process->image, value);
  return wcsicmp(operator, L"ne") ? equal : !equal;
}

static void heading(enum form form, BOOL services) {
  const wchar_t *image = rig_say(L"Image Name", L"Abbildname", L"イメージ名");
  const wchar_t *what = rig_say(L"Services", L"Dienste", L"サービス");
  if (form == CSV && services) rig_print(L"\"%ls\",\"PID\",\"%ls\"\r\n", image, what);
  else if (form == CSV)
    rig_print(L"\"%ls\",\"PID\",%ls\r\n", image,
              rig_say(L"\"Session Name\",\"Session#\",\"Mem Usage\"", L"\"Sitzungsname\",\"Sitz.-Nr.\",\"Speichernutzung\"",
                      L"\"セッション名\",\"セッション#\",\"メモリ使用量\""));
  else if (form == TABLE && services)
    rig_print(L"\r\n%-25ls      PID %ls\r\n========================= ======== ====================\r\n", image, what);
  else if (form == TABLE)
    rig_print(L"\r\n%-25ls      PID %-16ls %-11ls %12ls\r\n========================= ======== ================ "
              L"=========== ============\r\n", image, rig_say(L"Session Name", L"Sitzungsname", L"セッション名"),
              rig_say(L"Session#", L"Sitz.-Nr.", L"セッション#"), rig_say(L"Mem Usage", L"Speichernutzung", L"メモリ"));
}

static void show(const struct rig_process *each, enum form form, BOOL services) {
  const wchar_t *memory = rig_say(L"12,345 K", L"12.345 K", L"12,345 K");
  const wchar_t *hosted = *each->services ? each->services : rig_say(L"N/A", L"Nicht zutreffend", L"N/A");
  if (form == CSV && services) rig_print(L"\"%ls\",\"%lu\",\"%ls\"\r\n", each->image, each->pid, hosted);
  else if (form == CSV)
    rig_print(L"\"%ls\",\"%lu\",\"%ls\",\"%lu\",\"%ls\"\r\n", each->image, each->pid, each->session,
              each->session_number, memory);
  else if (form == TABLE && services) rig_print(L"%-25.25ls %8lu %ls\r\n", each->image, each->pid, hosted);
  else if (form == TABLE)
    rig_print(L"%-25.25ls %8lu %-16ls %11lu %12ls\r\n", each->image, each->pid, each->session, each->session_number,
              memory);
  else rig_print(L"\r\nImage Name:   %ls\r\nPID:          %lu\r\n", each->image, each->pid);
}

int wmain(int count, wchar_t **words) {
  wchar_t *filters[16];
  int filtered = 0, shown = 0;
  enum form form = TABLE;
  BOOL heads = TRUE, services = FALSE;
  size_t number;
  rig_record_call();
  rig_answer(L"tasklist", count, words);
  for (int i = 1; i < count; i++) {
    BOOL more = i + 1 < count;
    if (!wcsicmp(words[i], L"/NH")) heads = FALSE;
    else if (!wcsicmp(words[i], L"/SVC")) services = TRUE;
    else if (!wcsicmp(words[i], L"/FO") && more) form = !wcsicmp(words[++i], L"CSV") ? CSV : !wcsicmp(words[i], L"LIST") ? LIST : TABLE;
    else if (!wcsicmp(words[i], L"/FI") && more && filtered < 16) filters[filtered++] = words[++i];
    else if (wcsicmp(words[i], L"/V")) {
      rig_error(L"%ls - '%ls'.\r\n", rig_say(L"ERROR: Invalid argument/option", L"FEHLER: Ungültiges Argument/Option", L"エラー: 無効な引数またはオプションです"), words[i]);
      return 1;
    }
  }
  struct rig_process *all = rig_processes(&number);
  for (size_t i = 0; i < number; i++) {
    BOOL fits = TRUE;
    for (int n = 0; n < filtered; n++) fits = fits && wanted(&all[i], filters[n]);
    if (!fits) continue;
    if (!shown++ && heads) heading(form, services);
    show(&all[i], form, services);
  }
  if (!shown)
    rig_print(L"%ls\r\n", rig_say(L"INFO: No tasks are running which match the specified criteria.",
                                  L"INFORMATION: Es werden keine Aufgaben mit den angegebenen Kriterien ausgeführt.",
                                  L"情報: 指定された条件に一致するタスクは実行されていません。"));
  return 0;
}
