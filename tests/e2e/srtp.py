# SPDX-License-Identifier: BSD-3-Clause
"""SRTP with libsrtp2 itself (RFC 3711, 7714): the oracle that the relay is judged by."""

import ctypes

import sdp


class _CryptoPolicy(ctypes.Structure):
    _fields_ = [("cipher_type", ctypes.c_uint32), ("cipher_key_len", ctypes.c_int),
                ("auth_type", ctypes.c_uint32), ("auth_key_len", ctypes.c_int),
                ("auth_tag_len", ctypes.c_int), ("sec_serv", ctypes.c_int)]


class _Policy(ctypes.Structure):
    _fields_ = [("ssrc_type", ctypes.c_int), ("ssrc_value", ctypes.c_uint),
                ("rtp", _CryptoPolicy), ("rtcp", _CryptoPolicy),
                ("key", ctypes.c_char_p), ("keys", ctypes.c_void_p),
                ("num_master_keys", ctypes.c_ulong), ("deprecated_ekt", ctypes.c_void_p),
                ("window_size", ctypes.c_ulong), ("allow_repeat_tx", ctypes.c_int),
                ("enc_xtn_hdr", ctypes.c_void_p), ("enc_xtn_hdr_count", ctypes.c_int),
                ("next", ctypes.c_void_p)]


_lib = ctypes.CDLL("libsrtp2.so.1")
_lib.srtp_init()
_ANY_INBOUND, _ANY_OUTBOUND = 2, 3
_ROOM = 64
_POLICY = {  # what libsrtp calls the suite, for RTP and for RTCP
    "AES_CM_128_HMAC_SHA1_80": ("rtp_default", "rtcp_default"),
    "AES_CM_128_HMAC_SHA1_32": ("aes_cm_128_hmac_sha1_32", "rtcp_default"),
    "AEAD_AES_128_GCM": ("aes_gcm_128_16_auth", "aes_gcm_128_16_auth"),
    "AEAD_AES_256_GCM": ("aes_gcm_256_16_auth", "aes_gcm_256_16_auth"),
}


class SrtpError(Exception):
    """libsrtp refused the packet; the text is its status code (7: authentication, 9: replay)."""


class Session:
    """One direction under one master key: key and salt together."""

    def __init__(self, suite, key, inbound):
        if len(key) != sdp.SUITES[suite]:
            raise ValueError(f"{suite} has a key of {sdp.SUITES[suite]} octets, not {len(key)}")
        policy = _Policy(ssrc_type=_ANY_INBOUND if inbound else _ANY_OUTBOUND,
                         key=key, window_size=1024, allow_repeat_tx=1)
        for name, part in zip(_POLICY[suite], (policy.rtp, policy.rtcp)):
            getattr(_lib, f"srtp_crypto_policy_set_{name}")(ctypes.byref(part))
        self._context = ctypes.c_void_p()
        _check(_lib.srtp_create(ctypes.byref(self._context), ctypes.byref(policy)))
        self._rtp = _lib.srtp_unprotect if inbound else _lib.srtp_protect
        self._rtcp = _lib.srtp_unprotect_rtcp if inbound else _lib.srtp_protect_rtcp

    def rtp(self, packet):
        """Protect or unprotect one RTP packet."""
        return self._transform(self._rtp, packet)

    def rtcp(self, packet):
        return self._transform(self._rtcp, packet)

    def _transform(self, function, packet):
        # libsrtp wants the packet aligned to 32 bits and room for what it appends.
        buffer = (ctypes.c_uint32 * ((len(packet) + _ROOM) // 4 + 1))()
        ctypes.memmove(buffer, packet, len(packet))
        length = ctypes.c_int(len(packet))
        _check(function(self._context, buffer, ctypes.byref(length)))
        return ctypes.string_at(buffer, length.value)

    def __del__(self):
        if getattr(self, "_context", None):
            _lib.srtp_dealloc(self._context)


def _check(status):
    if status:
        raise SrtpError(status)
