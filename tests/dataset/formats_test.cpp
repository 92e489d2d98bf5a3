// Sound, arrays, and Edge Impulse's format.
#include <sndfile.h>

#include <nlohmann/json.hpp>

#include "dataset/sha256.hpp"
#include "tests/dataset/support.hpp"

namespace smelt::dataset {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

class Formats : public Folder {};

TEST(Audio, IntegersOfAllWidthsAreFullScale) {
  for (const int bits : {8, 16, 24, 32}) {
    const auto half = static_cast<std::int32_t>(std::int64_t{1} << (bits - 2));
    const Result<Decoded> d = decoded("x.wav", wav(16000, 1, bits, {0, half, -half, static_cast<std::int32_t>(-2 * static_cast<std::int64_t>(half))}));
    ASSERT_TRUE(d) << d.failure().to_string();
    EXPECT_EQ(d->kind, Kind::audio);
    EXPECT_EQ(d->format, "wav");
    ASSERT_EQ(d->parts.size(), 1U);
    EXPECT_EQ(d->parts[0].signal.rate, 16000);
    EXPECT_EQ(d->parts[0].signal.values, (Floats{0, 0.5, -0.5, -1})) << bits;
  }
}

TEST(Audio, ChannelsAreAxes) {
  const std::string file = wav(8000, 2, 16, {16384, 0, 16384, -16384});
  DecodeOptions o;
  const Result<Decoded> both = decoded("x.WAV", file, o);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->parts[0].signal.axes[0].name, "left");
  EXPECT_EQ(both->parts[0].signal.values, (Floats{0.5, 0, 0.5, -0.5}));
  o.axes = {"right"};
  const Result<Decoded> one = decoded("x.wav", file, o);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->parts[0].signal.values, (Floats{0, -0.5}));
  o.axes = {"audio"};
  EXPECT_EQ(code_of(decoded("x.wav", file, o)), "E1015");
}

TEST_F(Formats, FlacAndOgg) {
  std::vector<float> tone(8000);
  for (size_t i = 0; i < tone.size(); ++i) tone[i] = 0.5F * std::sin(2 * std::numbers::pi_v<float> * 440 * static_cast<float>(i) / 8000);
  for (const auto& [name, format, tolerance] : std::vector<std::tuple<std::string, int, double>>{
           {"x.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2.0 / 32768}, {"x.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 0.1}}) {
    SF_INFO info{};
    info.samplerate = 8000;
    info.channels = 1;
    info.format = format;
    SNDFILE* out = sf_open((root_ / name).c_str(), SFM_WRITE, &info);
    ASSERT_NE(out, nullptr) << name;
    sf_writef_float(out, tone.data(), static_cast<sf_count_t>(tone.size()));
    sf_close(out);
    std::ifstream in(root_ / name, std::ios::binary);
    const Result<Decoded> d = decoded(name, {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
    ASSERT_TRUE(d) << d.failure().to_string();
    EXPECT_EQ("x." + d->format, name);
    ASSERT_EQ(d->parts[0].signal.samples(), 8000);
    for (size_t i = 0; i < tone.size(); ++i) ASSERT_NEAR(d->parts[0].signal.values[i], tone[i], tolerance) << name;
  }
}

TEST(Audio, DamageIsSaid) {
  const std::string file = wav(8000, 1, 16, {1, 2, 3, 4});
  EXPECT_EQ(code_of(decoded("x.wav", "RIFF rubbish")), "E1016");
  EXPECT_EQ(code_of(decoded("x.wav", file.substr(0, 44))), "E1016") << "no samples";
  EXPECT_EQ(code_of(decoded("x.flac", "fLaC rubbish")), "E1016");
  EXPECT_EQ(code_of(decoded("x.ogg", "OggS rubbish")), "E1016");
  const Result<Decoded> torn = decoded("x.wav", file.substr(0, 48));
  ASSERT_TRUE(torn) << "what is there is read";
  EXPECT_EQ(torn->parts[0].signal.samples(), 2);
  EXPECT_EQ(code_of(decoded("x.mp3", "ID3")), "E1010");
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& content) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string file = "\x93NUMPY";
  file += std::string("\x01\0", 2);
  little(file, header.size(), 2);
  return file + header + content;
}

TEST(Arrays, OneTwoAndThreeDimensions) {
  std::string six;
  for (const std::uint64_t v : {1U, 2U, 3U, 4U, 5U, 6U}) little(six, v, 2);
  DecodeOptions o;
  EXPECT_EQ(code_of(decoded("x.npy", npy("<i2", "6,", six), o)), "E1014");
  o.rate = 50;
  const Result<Decoded> one = decoded("x.npy", npy("<i2", "6,", six), o);
  ASSERT_TRUE(one) << one.failure().to_string();
  EXPECT_EQ(one->parts[0].signal.samples(), 6);
  o.axes = {"a", "b", "c"};
  const Result<Decoded> two = decoded("x.npy", npy("<i2", "2, 3", six), o);
  ASSERT_TRUE(two);
  EXPECT_EQ(two->parts[0].signal.axes[2].name, "c");
  EXPECT_EQ(two->parts[0].signal.at(1, 0), 4);
  EXPECT_EQ(code_of(decoded("x.npy", npy("<i2", "3, 2", six), o)), "E1015");
  o.axes = {};
  const Result<Decoded> three = decoded("x.npy", npy("<i2", "3, 2, 1", six), o);
  ASSERT_TRUE(three);
  ASSERT_EQ(three->parts.size(), 3U);
  EXPECT_EQ(three->parts[2].signal.values, (Floats{5, 6}));
  o.kind = Kind::audio;
  EXPECT_EQ(decoded("x.npy", npy("<i2", "6,", six), o)->parts[0].signal.values[1], 2.0F / 32768);
  EXPECT_EQ(code_of(decoded("x.npy", npy("<i2", "1, 1, 2, 3", six), o)), "E0602");
  EXPECT_EQ(code_of(decoded("x.npy", npy("<i2", "0, 3", ""), o)), "E0602");
  std::string infinite;
  little(infinite, 0x7f800000, 4);
  EXPECT_EQ(code_of(decoded("x.npy", npy("<f4", "1,", infinite), o)), "E1020");
}

/// As the format's description has it, with the signature blank.
Json acquisition() {
  return {{"protected", {{"ver", "v1"}, {"alg", "HS256"}, {"iat", 1564128599}}},
          {"signature", std::string(64, '0')},
          {"payload",
           {{"device_name", "ac:87:a3:0a:2d:1b"},
            {"device_type", "DISCO-L475VG-IOT01A"},
            {"interval_ms", 10},
            {"sensors", Json::array({{{"name", "accX"}, {"units", "m/s2"}}, {{"name", "accY"}, {"units", "m/s2"}}})},
            {"values", Json::array({{-9.81, 0.03}, {-9.83, 0.04}, {-9.12, 1}})}}}};
}

std::string cbor(const Json& json) {
  const std::vector<std::uint8_t> bytes = Json::to_cbor(json);
  return {bytes.begin(), bytes.end()};
}

std::string sign(std::string file, const std::string& key) {
  const std::string mac = hex(hmac_sha256(bytes_of(key), bytes_of(file)));
  return file.replace(file.find(std::string(64, '0')), 64, mac);
}

TEST(EdgeImpulse, JsonAndCbor) {
  for (const auto& [name, file] : std::vector<std::pair<std::string, std::string>>{
           {"x.json", acquisition().dump()}, {"x.cbor", cbor(acquisition())}, {"x.cbor", "\xd9\xd9\xf7" + cbor(acquisition())}}) {
    const Result<Decoded> d = decoded(name, file);
    ASSERT_TRUE(d) << d.failure().to_string();
    EXPECT_EQ(d->kind, Kind::sensor);
    const Signal& s = d->parts[0].signal;
    EXPECT_EQ(s.rate, 100);
    EXPECT_EQ(s.axes[1].name, "accY");
    EXPECT_EQ(s.axes[1].unit, "m/s2");
    ASSERT_EQ(s.samples(), 3);
    EXPECT_FLOAT_EQ(s.at(0, 0), -9.81F);
    EXPECT_FLOAT_EQ(s.at(2, 1), 1);
  }
}

TEST(EdgeImpulse, Audio) {
  Json json = acquisition();
  json["payload"]["interval_ms"] = 0.0625;
  json["payload"]["sensors"] = Json::array({{{"name", "audio"}, {"units", "wav"}}});
  json["payload"]["values"] = {0, 16384, -32768};
  const Result<Decoded> d = decoded("x.json", json.dump());
  ASSERT_TRUE(d) << d.failure().to_string();
  EXPECT_EQ(d->kind, Kind::audio);
  EXPECT_EQ(d->parts[0].signal.rate, 16000);
  EXPECT_EQ(d->parts[0].signal.values, (Floats{0, 0.5, -1}));
}

TEST(EdgeImpulse, SignaturesAreChecked) {
  for (const std::string& file : {acquisition().dump(), cbor(acquisition())}) {
    const std::string made = sign(file, "fed53116f20684c067774ebf9e7bcbdc");
    const auto check = [](const std::string& f, const std::string& key) { return check_signature(bytes_of(f), "x", key); };
    EXPECT_TRUE(check(made, "fed53116f20684c067774ebf9e7bcbdc"));
    EXPECT_EQ(code_of(check(made, "fed53116f20684c067774ebf9e7bcbdd")), "E1018");
    std::string changed = made;
    changed[changed.find("accX") + 3] = 'Z';
    EXPECT_EQ(code_of(check(changed, "fed53116f20684c067774ebf9e7bcbdc")), "E1018");
  }
  Json none = acquisition();
  none["protected"]["alg"] = "none";
  EXPECT_EQ(code_of(check_signature(bytes_of(none.dump()), "x", "k")), "E1018");
}

TEST(EdgeImpulse, MalformedFiles) {
  const auto with = [](const char* pointer, const Json& value) {
    Json json = acquisition();
    json[Json::json_pointer(pointer)] = value;
    return json.dump();
  };
  const std::string whole = acquisition().dump();
  for (const std::string& bad : {std::string("{"), std::string("[1,2]"), std::string("{}"), whole + "}", whole.substr(0, whole.size() / 2),
                                 with("/payload/interval_ms", 0), with("/payload/sensors", Json::array()), with("/payload/values/1", {1}),
                                 with("/payload/values/1", 5), with("/payload/values/1/0", nullptr), with("/payload/values/1/0", "1"),
                                 with("/payload/values/1/0", Json::array({1})), with("/payload/values", Json::array()),
                                 with("/payload/values", "Ref-BINARY-i16 (6 bytes) xyz"), with("/payload/values/0/0", 1e300),
                                 std::string(100000, '[')}) {
    EXPECT_EQ(code_of(decoded("x.json", bad)), "E1017") << bad.substr(0, 100);
  }
  const std::string sound = cbor(acquisition());
  for (const std::string& bad : {std::string(1 << 20, '\x81'), std::string(1 << 20, '\xc6'), std::string("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
                                 sound.substr(0, sound.size() - 3), std::string("\xff")}) {
    EXPECT_EQ(code_of(decoded("x.cbor", bad)), "E1017");
  }
}

}  // namespace
}  // namespace smelt::dataset
