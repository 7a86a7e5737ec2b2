/* SPDX-License-Identifier: BSD-3-Clause */
/* The relay's own certificate: what it is, and that a rotation takes it from nobody. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "controlplane/dtls/dtls_identity.h"
#include "tests/rig/test.h"

static X509 *certificate_of(const struct dtls_identity *identity)
{
	return SSL_CTX_get0_certificate(dtls_identity_context(identity));
}

static void test_certificate(void **state)
{
	const struct sdp_fingerprint *fingerprint;
	struct dtls_identity *identity;
	uint8_t *der = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned int length;
	char group[32];
	int der_length;
	X509 *certificate;

	assert_int_equal(dtls_identity_make(&identity), 0);
	certificate = certificate_of(identity);
	assert_int_equal(
		EVP_PKEY_get_group_name(X509_get0_pubkey(certificate), group, sizeof(group), NULL),
		1);
	assert_string_equal(group, "prime256v1");
	assert_int_equal(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
	assert_int_equal(X509_cmp_current_time(X509_get0_notBefore(certificate)), -1);
	assert_int_equal(X509_cmp_current_time(X509_get0_notAfter(certificate)), 1);

	/* Hashed here in another way than there. */
	der_length = i2d_X509(certificate, &der);
	assert_true(der_length > 0);
	assert_int_equal(EVP_Digest(der, (size_t)der_length, digest, &length, EVP_sha256(), NULL),
			 1);
	OPENSSL_free(der);
	fingerprint = dtls_identity_fingerprint(identity);
	assert_string_equal(fingerprint->hash, "sha-256");
	assert_int_equal(fingerprint->length, 32);
	assert_memory_equal(fingerprint->bytes, digest, 32);
	dtls_identity_release(identity);
}

static void test_two_have_nothing_in_common(void **state)
{
	struct dtls_identity *a, *b;

	assert_int_equal(dtls_identity_make(&a), 0);
	assert_int_equal(dtls_identity_make(&b), 0);
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(certificate_of(a)),
					      X509_get0_serialNumber(certificate_of(b))),
			     0);
	assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(certificate_of(a)),
					   X509_get_subject_name(certificate_of(b))),
			     0);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(certificate_of(a)),
				     X509_get0_pubkey(certificate_of(b))),
			 0);
	dtls_identity_release(a);
	dtls_identity_release(b);
}

static void test_rotation(void **state)
{
	struct dtls_identity *current, *held;
	struct sdp_fingerprint before;

	assert_int_equal(dtls_identity_make(&current), 0);
	held = dtls_identity_hold(current);
	before = *dtls_identity_fingerprint(current);

	assert_int_equal(dtls_identity_rotate(&current, 3600), 0);
	assert_ptr_equal(current, held);
	assert_int_equal(dtls_identity_rotate(&current, 0), 1);
	assert_ptr_not_equal(current, held);
	assert_memory_not_equal(dtls_identity_fingerprint(current), &before, sizeof(before));
	assert_memory_equal(dtls_identity_fingerprint(held), &before, sizeof(before));
	dtls_identity_release(held);
	dtls_identity_release(current);
	dtls_identity_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_two_have_nothing_in_common),
		cmocka_unit_test(test_rotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
