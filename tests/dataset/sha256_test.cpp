// Vectors of FIPS 180-4's examples and RFC 4231.
#include "dataset/sha256.hpp"

#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;

std::string sha(const std::string& text) { return hex(sha256(bytes_of(text))); }
std::string mac(const std::string& key, const std::string& text) { return hex(hmac_sha256(bytes_of(key), bytes_of(text))); }

TEST(Sha256, StandardExamples) {
  EXPECT_EQ(sha(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, InPiecesOfAnyLength) {
  const std::string text(1000, 'x');
  for (const size_t piece : {1U, 3U, 63U, 64U, 65U, 200U}) {
    Sha256 s;
    for (size_t at = 0; at < text.size(); at += piece) s.add(bytes_of(text.substr(at, piece)));
    EXPECT_EQ(hex(s.digest()), sha(text)) << piece;
  }
}

TEST(Hmac, Rfc4231) {
  EXPECT_EQ(mac(std::string(20, '\x0b'), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace smelt::dataset
