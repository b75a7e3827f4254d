/* setx.exe, a stub under Wine: writes the variable and announces it to all windows. facts/windows.md 5.3. */
#include "rig.h"

#define MACHINE L"System\\CurrentControlSet\\Control\\Session Manager\\Environment"

static int fail(const wchar_t *text) {
  rig_error(L"%ls %ls\r\n", rig_say(L"ERROR:", L"FEHLER:", L"エラー:"), text);
  return 1;
}

int wmain(int count, wchar_t **words) {
  rig_record_call();
  rig_answer(L"setx", count, words);
  wchar_t *values[2];
  int given = 0;
  BOOL machine = FALSE;
  for (int i = 1; i < count; i++) {
    if (!wcsicmp(words[i], L"/M") || !wcsicmp(words[i], L"-M")) machine = TRUE;
    else if (given < 2) values[given++] = words[i];
    else given = 3;
  }
  if (given != 2) return fail(rig_say(L"Invalid syntax.\r\nType \"SETX /?\" for usage.", L"Ungültige Syntax.\r\nGeben Sie \"SETX /?\" ein, um die Syntax anzuzeigen.", L"無効な構文です。\r\n使用法を表示するには \"SETX /?\" と入力してください。"));
  if (rig_switch(L"setx-fails", NULL, 0) || (machine && !rig_switch(L"elevated", NULL, 0)))
    return fail(rig_say(L"Access to the registry path is denied.", L"Der Zugriff auf den Registrierungspfad wurde verweigert.", L"レジストリ パスへのアクセスが拒否されました。"));
  HKEY key;
  LONG error = RegOpenKeyExW(machine ? HKEY_LOCAL_MACHINE : HKEY_CURRENT_USER, machine ? MACHINE : L"Environment", 0,
                             KEY_SET_VALUE, &key);
  DWORD type = wcschr(values[1], L'%') ? REG_EXPAND_SZ : REG_SZ;
  if (!error) error = RegSetValueExW(key, values[0], 0, type, (BYTE *)values[1], (wcslen(values[1]) + 1) * sizeof(wchar_t));
  if (error) return fail(rig_say(L"Access to the registry path is denied.", L"Der Zugriff auf den Registrierungspfad wurde verweigert.", L"レジストリ パスへのアクセスが拒否されました。"));
  DWORD_PTR result;
  SendMessageTimeoutW(HWND_BROADCAST, WM_SETTINGCHANGE, 0, (LPARAM)L"Environment", SMTO_ABORTIFHUNG, 5000, &result);
  rig_print(L"\r\n%ls\r\n", rig_say(L"SUCCESS: Specified value was saved.", L"ERFOLGREICH: Angegebener Wert wurde gespeichert.", L"成功: 指定した値は保存されました。"));
  return 0;
}
