/* chcp.com: tells the console's code page in the words of the language. Setting it is recorded and does nothing. */
#include "rig.h"

int wmain(int count, wchar_t **words) {
  rig_record_call();
  rig_answer(L"chcp", count, words);
  rig_print(rig_say(L"Active code page: %u\r\n", L"Aktive Codepage: %u.\r\n", L"現在のコード ページ: %u\r\n"), rig_code_page());
  return 0;
}
