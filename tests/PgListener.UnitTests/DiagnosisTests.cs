using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PgListener.Connections;

namespace PgListener.UnitTests;

/// <summary>What cannot be provoked on a healthy server is put into words all the same.</summary>
public class DiagnosisTests
{
    public static TheoryData<string, string, string> Answers => new()
    {
        { "58P01", "could not access status of transaction 42", "This server has a bug by which LISTEN fails on old entries of its notification queue" },
        { "53300", "sorry, too many clients already", "raise max_connections" },
        { "57P03", "the database system is starting up", "this ends by itself" },
        { "42501", "permission denied for database", "Give the user the privilege to connect" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Says_what_an_answer_of_the_server_means(string sqlState, string message, string advice)
    {
        var problem = Diagnosis.Of(new PostgresException(message, "FATAL", "FATAL", sqlState));
        Assert.StartsWith($"{sqlState}: {message}. ", problem, StringComparison.Ordinal);
        Assert.Contains(advice, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_what_no_answer_means()
    {
        Assert.Contains("Check host and port", Diagnosis.Of(new NpgsqlException("Failed", new SocketException((int)SocketError.ConnectionRefused))), StringComparison.Ordinal);
        Assert.Contains("did not answer", Diagnosis.Of(new NpgsqlException("Exception while reading", new TimeoutException())), StringComparison.Ordinal);
        Assert.Contains("LISTEN needs the primary", Diagnosis.Of(new NpgsqlException("No suitable host was found.")), StringComparison.Ordinal);
    }

    [Fact]
    public void Is_one_line_whatever_a_message_says()
        => Assert.Equal("InvalidOperationException: one two", Diagnosis.Of(new InvalidOperationException("one\r\ntwo.")));

    public static TheoryData<string, string> TimeLimits => new()
    {
        { "57014", "statement_timeout" },
        { "55P03", "lock_timeout" },
        { "57P05", "idle_session_timeout" },
        { "25P03", "idle_in_transaction_session_timeout" },
        { "25P04", "transaction_timeout" },
        { "25006", "standby" },
        { "08P01", "ignore_startup_parameters" },
    };

    [Theory]
    [MemberData(nameof(TimeLimits))]
    public void Names_the_setting_behind_a_limit_of_the_server(string sqlState, string setting)
        => Assert.Contains(setting, Diagnosis.Of(new PostgresException("text", "ERROR", "ERROR", sqlState)), StringComparison.Ordinal);

    [Fact]
    public void An_exhausted_pool_is_named_and_not_taken_for_a_silent_server()
    {
        var exhausted = new NpgsqlException("The connection pool has been exhausted, either raise 'Max Pool Size' (currently 1) or 'Timeout'", new TimeoutException());
        Assert.Contains("raise 'Max Pool Size'", Diagnosis.Of(exhausted), StringComparison.Ordinal);
        Assert.DoesNotContain("firewall", Diagnosis.Of(exhausted), StringComparison.Ordinal);
        Assert.False(Diagnosis.IsOfNetwork(exhausted));
        Assert.False(Diagnosis.IsOfNetwork(new InvalidOperationException("The vault is sealed.")));
        Assert.True(Diagnosis.IsOfNetwork(new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused))));
    }

    [Fact]
    public void Says_what_is_nested_in_what_Npgsql_says()
    {
        var refused = new NpgsqlException("Failed to connect to db1", new SocketException((int)SocketError.ConnectionRefused));
        var unknown = new NpgsqlException("Name or service not known", new SocketException((int)SocketError.HostNotFound));
        var severed = new NpgsqlException("Exception while reading from stream", new IOException("Unable to read data from the transport connection", new SocketException((int)SocketError.ConnectionReset)));
        Assert.Contains("DNS", Diagnosis.Of(unknown), StringComparison.Ordinal);
        Assert.Contains("The connection was cut", Diagnosis.Of(severed), StringComparison.Ordinal);
        var several = Diagnosis.Of(new NpgsqlException("Unable to connect to a suitable host.", new AggregateException(refused, unknown, new PostgresException("no", "FATAL", "FATAL", "28P01"))));
        Assert.StartsWith("None of the hosts can be used. ", several, StringComparison.Ordinal);
        Assert.All(new[] { "Check host and port", "DNS", "28P01: no. Check user name" }, text => Assert.Contains(text, several, StringComparison.Ordinal));
        Assert.Contains("TLS failed. The server's certificate was refused: it expired", Diagnosis.Of(
            new NpgsqlException("Exception while performing SSL handshake", new AuthenticationException("The server's certificate was refused: it expired on 2020-01-01: renew it on the server", new AuthenticationException("inner")))), StringComparison.Ordinal);
        Assert.Contains("TLS failed. the file is not there. Check SSL Mode", Diagnosis.Of(new NpgsqlException("Exception while performing SSL handshake", new IOException("the file is not there"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-10, -1, "db", "it expired on ")]
    [InlineData(1, 10, "db", "check the clocks")]
    [InlineData(-1, 10, "other", "it is for 'db' and not for 'other'")]
    [InlineData(-1, 10, "db", "its authority 'db' is not trusted")]
    public void Says_why_a_certificate_is_refused(int from, int to, string host, string reason)
    {
        using var key = ECDsa.Create();
        var now = DateTimeOffset.UtcNow;
        using var certificate = new CertificateRequest("CN=db", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(from), now.AddDays(to));
        var errors = host == "db" ? SslPolicyErrors.RemoteCertificateChainErrors : SslPolicyErrors.RemoteCertificateNameMismatch;
        Assert.Contains(reason, CertificateCheck.WhyRefused(certificate, chain: null, errors, host, rootCertificate: null), StringComparison.Ordinal);
    }

    [Fact]
    public void Blames_a_starved_pool_and_not_the_network()
    {
        var problem = Diagnosis.OfStarvedPool(new TimeoutException("The server did not answer."), TimeSpan.FromSeconds(3));
        Assert.Contains("starved: it was late by 3.0 s", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("firewall", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_that_the_name_leads_elsewhere_where_that_is_known()
    {
        var one = new ServerIdentity("1/db", "10.0.0.1:5432/db", "1", "1");
        Assert.Contains("another server or database (10.0.0.2:5432/db)", new DeafConnectionException(TimeSpan.FromSeconds(1), one, one with { Server = "2/db", Address = "10.0.0.2:5432/db" }).Message, StringComparison.Ordinal);
        Assert.Contains("pooler in transaction mode", new DeafConnectionException(TimeSpan.FromSeconds(1), one, one).Message, StringComparison.Ordinal);
        Assert.Contains("Or the host's name leads to several servers", new DeafConnectionException(TimeSpan.FromSeconds(1), null, one).Message, StringComparison.Ordinal);
    }
}
