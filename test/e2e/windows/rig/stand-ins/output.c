#include "rig.h"

UINT rig_code_page(void) { return rig_number(L"code-page", 437); }

static void put(DWORD stream, const wchar_t *format, va_list values) {
  static wchar_t text[65536];
  static char bytes[4 * 65536];
  DWORD written;
  vsnwprintf(text, COUNT(text), format, values);
  int length = WideCharToMultiByte(rig_code_page(), 0, text, -1, bytes, sizeof bytes, NULL, NULL);
  if (length > 1) WriteFile(GetStdHandle(stream), bytes, length - 1, &written, NULL);
}

void rig_print(const wchar_t *format, ...) {
  va_list values;
  va_start(values, format);
  put(STD_OUTPUT_HANDLE, format, values);
  va_end(values);
}

void rig_error(const wchar_t *format, ...) {
  va_list values;
  va_start(values, format);
  put(STD_ERROR_HANDLE, format, values);
  va_end(values);
}

const wchar_t *rig_say(const wchar_t *en, const wchar_t *de, const wchar_t *ja) {
  wchar_t language[8] = L"en";
  rig_switch(L"language", language, COUNT(language));
  if (!wcscmp(language, L"de")) return de;
  return wcscmp(language, L"ja") ? en : ja;
}

static void copy(const wchar_t *path, DWORD stream) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  static char bytes[1 << 20];
  DWORD got = 0, written;
  if (file == INVALID_HANDLE_VALUE) return;
  ReadFile(file, bytes, sizeof bytes, &got, NULL);
  WriteFile(GetStdHandle(stream), bytes, got, &written, NULL);
  CloseHandle(file);
}

/* answers\TOOL.N.when holds words that all have to be among the arguments; .code, .out and .err the answer. */
void rig_answer(const wchar_t *tool, int count, wchar_t **words) {
  wchar_t path[MAX_PATH], line[8192] = L" ";
  for (int i = 1; i < count; i++) wcsncat(line, words[i], 4000), wcscat(line, L" ");
  wcslwr(line);
  /* The answer laid down last counts. */
  for (int n = 31; n >= 0; n--) {
    swprintf(path, MAX_PATH, RIG L"answers\\%ls.%d.when", tool, n);
    wchar_t *text = rig_text(path), *at = text, *each;
    if (!text) continue;
    BOOL fits = TRUE;
    while ((each = rig_line(&at))) fits = fits && wcsstr(line, wcslwr(each));
    free(text);
    if (!fits) continue;
    swprintf(path, MAX_PATH, RIG L"answers\\%ls.%d.out", tool, n);
    copy(path, STD_OUTPUT_HANDLE);
    swprintf(path, MAX_PATH, RIG L"answers\\%ls.%d.err", tool, n);
    copy(path, STD_ERROR_HANDLE);
    swprintf(path, MAX_PATH, RIG L"answers\\%ls.%d.code", tool, n);
    wchar_t *code = rig_text(path);
    ExitProcess(code ? wcstoul(code, NULL, 10) : 0);
  }
}
