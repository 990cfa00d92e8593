using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PgListener.TestServer;

namespace PgListener.IntegrationTests;

/// <summary>A server that shows the certificate it is told to, and two authorities of its own.</summary>
public sealed class TlsServer : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pglistener-tls-");
    private readonly X509Certificate2 _authority = CreateAuthority("PgListener tests");
    private ITestServer? _server;

    /// <summary>When the expired certificate did.</summary>
    public static DateTimeOffset Expiry { get; } = Now.AddDays(-2);

    /// <summary>The certificate file of the authority that has signed the server's certificates.</summary>
    public string Authority => Path.Combine(_folder.FullName, "authority.crt");

    /// <summary>The certificate file of an authority that has signed none of them.</summary>
    public string OtherAuthority => Path.Combine(_folder.FullName, "other.crt");

    /// <summary>How to connect, without a word on TLS. The host is one that certificates name.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server!.ConnectionString) { Host = "localhost", Pooling = false }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Authority, _authority.ExportCertificatePem(), TestContext.Current.CancellationToken);
        using (var other = CreateAuthority("Somebody else"))
            await File.WriteAllTextAsync(OtherAuthority, other.ExportCertificatePem(), TestContext.Current.CancellationToken);
        _server = await TestServers.StartOwnAsync();
        await InstallAsync("right", "localhost", Now.AddDays(30));
        await InstallAsync("misnamed", "db.example.org", Now.AddDays(30));
        await InstallAsync("expired", "localhost", Expiry);
    }

    /// <summary>New connections are shown another certificate.</summary>
    /// <param name="certificate">right, misnamed or expired; nothing, to switch TLS off.</param>
    public async Task ShowAsync(string? certificate)
    {
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, $"alter system set ssl = {(certificate is null ? "off" : "on")}");
        await ExecuteAsync(connection, $"alter system set ssl_cert_file = '{certificate ?? "right"}.crt'");
        await ExecuteAsync(connection, $"alter system set ssl_key_file = '{certificate ?? "right"}.key'");
        await ExecuteAsync(connection, "select pg_reload_conf()");
        var expected = $"{(certificate is null ? "off" : "on")} {certificate ?? "right"}.crt";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await ShownAsync() is var shown && shown != expected)
            Assert.False(limit.IsCancellationRequested, $"The server shows '{shown}' and not '{expected}'.");
    }

    public async ValueTask DisposeAsync()
    {
        await (_server?.DisposeAsync() ?? ValueTask.CompletedTask);
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<string> ShownAsync()
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("select current_setting('ssl') || ' ' || current_setting('ssl_cert_file')", connection);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection($"{ConnectionString};SSL Mode=Prefer");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Writes a certificate and its key as the server itself, so that they belong to its user and to nobody else.</summary>
    private async Task InstallAsync(string name, string host, DateTimeOffset expiry)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        using var certificate = request.Create(_authority, Now.AddDays(-20), expiry, RandomNumberGenerator.GetBytes(8));
        await using var connection = await OpenAsync();
        foreach (var (file, pem) in new[] { ($"{name}.crt", certificate.ExportCertificatePem()), ($"{name}.key", key.ExportPkcs8PrivateKeyPem()) })
            await ExecuteAsync(connection, $"copy (select regexp_split_to_table('{pem}', E'\\n')) to program 'umask 077 && cat > {file}'");
    }

    private static X509Certificate2 CreateAuthority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request.CreateSelfSigned(Now.AddDays(-100), Now.AddDays(100));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
