using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace PgListener.Connections;

/// <summary>Lets a refused certificate of the server say why it was refused: Npgsql and .NET only say that it was.</summary>
internal static class CertificateCheck
{
    /// <summary>Leaves the check as it is, and explains its refusal.</summary>
    public static void Explain(NpgsqlDataSourceBuilder builder) => builder.UseSslClientAuthenticationOptionsCallback(static options =>
    {
        if (options.RemoteCertificateValidationCallback is not { } check)
            return;

        var host = options.TargetHost ?? "";
        options.RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
            check(sender, certificate, chain, errors) ? true : throw new AuthenticationException(WhyRefused(certificate, errors, host));
    });

    internal static string WhyRefused(X509Certificate? certificate, SslPolicyErrors errors, string host)
    {
        if (certificate is null)
            return "The server has shown no certificate. Switch SSL on at the server, or lower SSL Mode.";

        using var shown = certificate is X509Certificate2 ? null : X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        var server = certificate as X509Certificate2 ?? shown!;
        var reasons = new List<string>();
        if (server.NotAfter < DateTime.Now)
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"it expired on {server.NotAfter:yyyy-MM-dd}: renew it on the server"));
        else if (server.NotBefore > DateTime.Now)
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"it is valid from {server.NotBefore:yyyy-MM-dd} only: check the clocks"));
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            reasons.Add($"it is for '{server.GetNameInfo(X509NameType.DnsName, forIssuer: false)}' and not for '{host}': use the certificate's host name in Host, or SSL Mode=VerifyCA to leave the name unchecked");
        if (reasons.Count == 0)
            reasons.Add($"its authority '{server.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}' is not trusted: name the authority's certificate with Root Certificate");
        return $"The server's certificate was refused: {string.Join("; ", reasons)}.";
    }
}
