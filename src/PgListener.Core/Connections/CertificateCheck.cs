using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace PgListener.Connections;

/// <summary>Finds out why a server's certificate is refused, by connecting once more. Npgsql and .NET only say that it is.</summary>
internal static class CertificateCheck
{
    /// <summary>What a client of PostgreSQL sends before TLS: its length, and a number.</summary>
    private static readonly byte[] SslRequest = [0, 0, 0, 8, 4, 210, 22, 47];

    /// <summary>Fetches the certificate, and says what is wrong with it.</summary>
    /// <returns><see langword="null"/> if the reason is not known.</returns>
    public static async Task<string?> ExplainAsync(NpgsqlConnectionStringBuilder settings, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (settings.Host is not { } hosts || hosts.StartsWith('/'))
            return null;

        var host = hosts.Split(',')[0].Split(':')[0].Trim();
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        string? why = null;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, PortOf(settings, hosts), either.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            if (settings.SslNegotiation != SslNegotiation.Direct)
            {
                await stream.WriteAsync(SslRequest, either.Token).ConfigureAwait(false);
                await stream.ReadExactlyAsync(new byte[1], either.Token).ConfigureAwait(false);
            }

            var tls = new SslStream(stream);
            await using (tls.ConfigureAwait(false))
            {
                var options = new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ApplicationProtocols = [new("postgresql")],
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    {
                        why = WhyRefused(certificate, chain, errors, host, settings.RootCertificate);
                        return false; // Only the certificate is wanted.
                    },
                };
                await tls.AuthenticateAsClientAsync(options, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is AuthenticationException or SocketException or IOException or CryptographicException or OperationCanceledException)
        {
            // The check ends this way, possibly before the server has presented its certificate.
        }

        return why;
    }

    internal static string WhyRefused(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, string host, string? rootCertificate)
    {
        if (certificate is null)
            return "The server presented no certificate: turn on ssl at the server";

        using var shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        var reasons = new List<string>();
        if (shown.NotAfter < DateTime.Now)
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"it expired on {shown.NotAfter:yyyy-MM-dd}: renew it on the server"));
        else if (shown.NotBefore > DateTime.Now)
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"it is valid from {shown.NotBefore:yyyy-MM-dd} only: check the clocks"));
        if (!IsTrusted(shown, chain, errors, rootCertificate))
            reasons.Add($"its authority '{shown.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}' is not trusted: name the authority's certificate with Root Certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            reasons.Add($"it is for '{shown.GetNameInfo(X509NameType.DnsName, forIssuer: false)}' and not for '{host}': use the certificate's name as Host, or SSL Mode=VerifyCA to leave the name unchecked");
        return $"The server's certificate was refused: {(reasons.Count > 0 ? string.Join("; ", reasons) : "see SSL Mode and Root Certificate")}";
    }

    /// <summary>Whether the authority is trusted by the system, or is the one that was named. The validity period is checked separately.</summary>
    private static bool IsTrusted(X509Certificate2 certificate, X509Chain? presented, SslPolicyErrors errors, string? rootCertificate)
    {
        const X509ChainStatusFlags Unknown = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid;
        if (string.IsNullOrEmpty(rootCertificate))
            return !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) || presented?.ChainStatus.Any(static status => (status.Status & Unknown) != X509ChainStatusFlags.NoError) == false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(rootCertificate);
        foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        chain.Build(certificate);
        return !chain.ChainStatus.Any(static status => (status.Status & Unknown) != X509ChainStatusFlags.NoError);
    }

    private static int PortOf(NpgsqlConnectionStringBuilder settings, string hosts)
        => hosts.Split(',')[0].Split(':') is [_, var port] && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : settings.Port;
}
