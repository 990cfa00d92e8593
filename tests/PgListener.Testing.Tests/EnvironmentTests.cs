namespace PgListener.Testing.Tests;

/// <summary>Variables of the environment that are meant for other servers.</summary>
public sealed class EnvironmentTests
{
    /// <summary>Gets what libpq or Npgsql reads, with values that break a connection to our server.</summary>
    private static (string Name, string Value)[] Hostile { get; } =
    [
        ("PGHOST", "nowhere"), ("PGHOSTADDR", "192.0.2.1"), ("PGPORT", "1"), ("PGUSER", "somebody"), ("PGPASSWORD", "wrong"), ("PGDATABASE", "none"),
        ("PGSERVICE", "none"), ("PGSERVICEFILE", "/does/not/exist"), ("PGPASSFILE", "/does/not/exist"), ("PGDATA", "/does/not/exist"),
        ("PGGSSENCMODE", "require"), ("PGCHANNELBINDING", "require"), ("PGSSLMODE", "verify-full"), ("PGSSLNEGOTIATION", "direct"),
        ("PGSSLCERT", "/does/not/exist.pem"), ("PGSSLKEY", "/does/not/exist.pem"), ("PGSSLROOTCERT", "/does/not/exist.pem"),
        ("PGTARGETSESSIONATTRS", "standby"), ("PGREQUIREAUTH", "none"), ("PGOPTIONS", "-c no_such_setting=1"), ("PGTZ", "Nowhere/Land"),
        ("PGCLIENTENCODING", "LATIN1"), ("PGAPPNAME", "x"), ("PGCONNECT_TIMEOUT", "1"), ("LC_ALL", "xx_XX"), ("LANG", "de_DE.UTF-8"),
    ];

    [Fact]
    public async Task None_has_a_say_in_the_start_of_a_server_and_its_standby()
    {
        using var temp = new TempFolder();

        using var owner = await OwnerProcess.StartAsync(temp, user: null, [.. Hostile, (OwnerProcess.WithStandby, "1")]);

        Assert.True(Sql.IsAlive(owner.ServerProcessId));
    }

    [Theory]
    [InlineData("PGREQUIREAUTH", "nonsense")]
    [InlineData("PGSSLNEGOTIATION", "nonsense")]
    [InlineData("PGTARGETSESSIONATTRS", "nonsense")]
    [InlineData("PGTZ", "")]
    public async Task Nor_has_a_value_that_nobody_understands(string name, string value)
    {
        using var temp = new TempFolder();

        using var owner = await OwnerProcess.StartAsync(temp, user: null, (name, value));

        Assert.True(Sql.IsAlive(owner.ServerProcessId));
    }

    [Fact]
    public async Task A_server_that_refuses_us_is_not_waited_for()
    {
        using var temp = new TempFolder();
        var rules = Path.Combine(temp, "hba");
        await File.WriteAllTextAsync(rules, "host all all all reject\n", Sql.Token);
        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { ServerSettings = { ["hba_file"] = rules }, StartTimeout = TimeSpan.FromHours(1) }, Machine.Current with { TempFolder = temp }, Sql.Token));

        Assert.Contains("It refuses the connection that checks whether it is ready: 28000: pg_hba.conf rejects connection", failure.Message, StringComparison.Ordinal);
        Assert.Equal([rules], Directory.EnumerateFileSystemEntries(temp));
    }
}
