/*
 * reg.exe: Wine's own does the work (C:\rig\bin\reg-wine.exe); this one records the call, refuses the machine's half to
 * a user without rights, and puts errors where Windows puts them (standard error; Wine: standard output, facts 6.2).
 */
#include "rig.h"

static BOOL writes_machine(int count, wchar_t **words) {
  if (count < 3 || rig_switch(L"elevated", NULL, 0)) return FALSE;
  if (wcsicmp(words[1], L"add") && wcsicmp(words[1], L"delete") && wcsicmp(words[1], L"import")) return FALSE;
  return !wcsnicmp(words[2], L"HKLM", 4) || !wcsnicmp(words[2], L"HKEY_LOCAL_MACHINE", 18);
}

/* The words after the program's own, as they were written. */
static wchar_t *rest(wchar_t *line) {
  if (*line == L'"') line = wcschr(line + 1, L'"') ? wcschr(line + 1, L'"') + 1 : line + wcslen(line);
  while (*line && *line != L' ') line++;
  return line;
}

int wmain(int count, wchar_t **words) {
  rig_record_call();
  rig_answer(L"reg", count, words);
  if (rig_switch(L"reg-disabled", NULL, 0)) {
    rig_error(L"%ls\r\n", rig_say(L"ERROR: Registry editing has been disabled by your administrator.", L"FEHLER: Das Bearbeiten der Registrierung wurde durch den Administrator deaktiviert.", L"エラー: レジストリの編集は、管理者によって使用不可にされています。"));
    return 1;
  }
  if (writes_machine(count, words)) {
    rig_error(L"%ls\r\n", rig_say(L"ERROR: Access is denied.", L"FEHLER: Zugriff verweigert", L"エラー: アクセスが拒否されました。"));
    return 1;
  }
  static wchar_t line[32768];
  static char output[1 << 20];
  swprintf(line, COUNT(line), L"\"C:\\rig\\bin\\reg-wine.exe\"%ls", rest(GetCommandLineW()));
  HANDLE from, to;
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  CreatePipe(&from, &to, &inherit, 1 << 20);
  SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOW start = {sizeof start};
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = start.hStdError = to;
  PROCESS_INFORMATION process;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 1;
  CloseHandle(to);
  DWORD size = 0, got, written, code = 1;
  while (size < sizeof output && ReadFile(from, output + size, sizeof output - size, &got, NULL) && got) size += got;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  if (!code) WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), output, size, &written, NULL);
  else
    rig_error(L"%ls\r\n", rig_say(L"ERROR: The system was unable to find the specified registry key or value.",
                                  L"FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
                                  L"エラー: 指定されたレジストリ キーまたは値が見つかりませんでした"));
  return code;
}
