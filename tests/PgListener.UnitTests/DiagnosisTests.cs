using System.Net.Sockets;
using Npgsql;
using PgListener.Connections;

namespace PgListener.UnitTests;

/// <summary>What cannot be provoked on a healthy server is put into words all the same.</summary>
public class DiagnosisTests
{
    public static TheoryData<string, string, string> Answers => new()
    {
        { "58P01", "could not access status of transaction 42", "This server has a bug in which LISTEN stumbles over old entries of its notification queue" },
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
        Assert.Contains("silent", Diagnosis.Of(new NpgsqlException("Exception while reading", new TimeoutException())), StringComparison.Ordinal);
        Assert.Contains("LISTEN needs the primary", Diagnosis.Of(new NpgsqlException("No suitable host was found.")), StringComparison.Ordinal);
    }

    [Fact]
    public void Is_one_line_whatever_a_message_says()
        => Assert.Equal("InvalidOperationException: one two", Diagnosis.Of(new InvalidOperationException("one\r\ntwo.")));
}
