using Npgsql;
using PgListener.Connections;

namespace PgListener.UnitTests;

/// <summary>What is said of a connection string that cannot be used: which keyword, and nothing that may be a secret.</summary>
public class ConnectionStringTests
{
    private const string Secret = "s3cret";

    public static TheoryData<string, string> Wrong => new()
    {
        { "Hots=db;Username=app;Password=s3cret", "the keyword Hots, which Npgsql does not know. Did you mean Host?" },
        { "Host=db;Username=app;Password=s3cret;Databse=x", "the keyword Databse, which Npgsql does not know. Did you mean Database?" },
        { "Host=db;Passwrod=s3cret", "the keyword Passwrod, which Npgsql does not know. Did you mean Password?" },
        { "Host=db;flavour=s3cret", "the keyword flavour, which Npgsql does not know. Npgsql reads keyword=value pairs" },
        { "Host=db;Password=x;s3cret=more", "What follows the password in the connection string is not a keyword" },
        { "Host=db;Password=x;s3cret", "cannot be read behind the value of Password. Npgsql reads keyword=value pairs" },
        { "Host=db;Password=\"s3cret", "cannot be read behind the value of Host." },
        { "s3cret", "cannot be read. Npgsql reads keyword=value pairs" },
        { "postgresql://app:s3cret@db:5432/shop", "is a URI (postgresql://…), which Npgsql does not read. Npgsql reads keyword=value pairs with semicolons between them: Host=server;Port=5432;Username=user;Password=password;Database=database." },
        { " Postgres://app:s3cret@db/shop?sslmode=require", "is a URI (Postgres://…)" },
        { "jdbc:postgresql://db/shop?user=app&password=s3cret", "is a URI (jdbc:postgresql://…)" },
        { "app:s3cret@db/shop?sslmode=require", "something that is not a keyword in the place of one. Npgsql reads" },
        { "host=db port=5432 password=s3cret", "The value of host in the connection string contains further keywords, separated by spaces." },
        { "Host=db;Port=s3cret", "The value of Port in the connection string is not one that Npgsql accepts." },
        { "Host=db;SSL Mode=s3cret", "The value of SSL Mode in the connection string" },
        { "Host=db;Target Session Attributes=s3cret", "The value of Target Session Attributes in the connection string" },
        { "Username=app;Password=s3cret", "names no Host" },
        { "Host=;Password=s3cret", "names no Host" },
        { "", "The connection string is empty. Npgsql reads" },
        { "  ", "The connection string is empty." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_one_is_refused_by_its_keyword_and_keeps_its_secrets(string connectionString, string message)
    {
        var error = Assert.Throws<ArgumentException>(nameof(connectionString), () => new NotificationPublisher(connectionString));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db")]
    [InlineData("Server=db;Port=5433;User ID=app;PWD=\"se;cr=et\";Database=shop;SSL Mode=VerifyFull")]
    [InlineData("host=/var/run/postgresql;USERNAME=app;Password='a b'")]
    [InlineData("Host=a:5432,b:5433;Target Session Attributes=prefer-standby;Load Balance Hosts=true")]
    [InlineData("Host=db;Password=;Application Name=a://b")]
    public async Task What_npgsql_takes_is_taken(string connectionString)
    {
        await using var publisher = new NotificationPublisher(connectionString);
    }

    [Fact]
    public void Connections_of_our_own_say_utf8_whatever_else_is_said()
    {
        string? encoding = null;
        using var dataSource = DataSourceFactory.Build(
            "Host=db;Client Encoding=LATIN1;Encoding=iso-8859-1",
            builder => builder.ConnectionStringBuilder.ClientEncoding = "SQL_ASCII",
            settings => encoding = settings.ClientEncoding);
        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        Assert.Equal(("SQL_ASCII", "UTF8", "UTF8"), (encoding, settings.ClientEncoding, settings.Encoding));
    }

    [Fact]
    public async Task Of_several_hosts_the_primary_is_meant_unless_something_else_is_said()
    {
        await using var several = NpgsqlDataSource.Create("Host=a,b");
        var primary = DataSourceFactory.ForPrimary(several);
        Assert.NotSame(several, primary);
        Assert.Same(primary, DataSourceFactory.ForPrimary(primary));
        await using var one = NpgsqlDataSource.Create("Host=a");
        await using var slim = new NpgsqlSlimDataSourceBuilder("Host=a").Build();
        await using var said = NpgsqlDataSource.Create("Host=a,b;Target Session Attributes=prefer-primary");
        foreach (var asItIs in new[] { one, slim, said })
            Assert.Same(asItIs, DataSourceFactory.ForPrimary(asItIs));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Multiplexing=true")]
    public async Task A_listener_refuses_a_data_source_that_multiplexes_and_a_publisher_does_not(string connectionString)
    {
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        var error = Assert.Throws<ArgumentException>(nameof(dataSource), () => new Listener(dataSource));
        Assert.Contains("Multiplexing=true", error.Message, StringComparison.Ordinal);
        Assert.Contains("Give the listener a data source without Multiplexing, or a connection string", error.Message, StringComparison.Ordinal);
        await using var publisher = dataSource.CreatePublisher();
    }
}
