namespace PgListener.Analyzers.Tests;

/// <summary>PGL002 and PGL006.</summary>
public class ChannelNameTests
{
    private const string LongName = "orders_of_all_shops_in_all_countries_of_the_world_that_were_placed_today";

    [Fact]
    public Task Names_that_PostgreSQL_does_not_take_are_found_wherever_a_channel_is_named()
        => Rules.AssertFindsAsync(Code.Project($$"""
            using PgListener;

            class Names(IPgListener listener, Listener raw, INotificationPublisher publisher)
            {
                private const string Empty = "";

                async Task UseAsync(CancellationToken cancellationToken)
                {
                    await listener.SubscribeAsync("", (_, _) => Task.CompletedTask, cancellationToken: cancellationToken); // PGL002
                    await listener.SubscribeAsync(Empty, (_, _) => Task.CompletedTask, cancellationToken: cancellationToken); // PGL002
                    await raw.AddCallbackAsync("a\0b", (_, _) => Task.CompletedTask, cancellationToken); // PGL002
                    await raw.AddChannelAsync("{{LongName}}", cancellationToken); // PGL002
                    await raw.ClearChannelCallbacksAsync("a\ud83d", cancellationToken); // PGL002
                    await publisher.PublishAsync("{{LongName}}", "", cancellationToken); // PGL002
                    await publisher.PublishManyAsync(channel: "", [""], cancellationToken); // PGL002
                    await foreach (var notification in listener.ReadAllAsync("\udc00", cancellationToken: cancellationToken)) // PGL002
                        Console.WriteLine(notification);
                    await raw.AddChannelAsync("größe_\ud83d\ude00", cancellationToken);
                    await raw.AddChannelAsync("{{LongName[..63]}}", cancellationToken);
                    await raw.AddChannelAsync("order_placed", cancellationToken);
                    await raw.AddChannelAsync(Environment.MachineName, cancellationToken);
                }
            }
            """));

    [Fact]
    public Task Names_that_types_are_mapped_to_are_channels_too()
        => Rules.AssertFindsAsync(Code.Project($$"""
            using PgListener;

            public readonly record struct Placed(string Text) : INotificationChannel<Placed>
            {
                public static string ChannelName => "placed";

                public static Placed Parse(string payload) => new(payload);
            }

            class Names
            {
                static void Use(PgListenerBuilder builder, NotificationPublisherOptions options)
                {
                    builder.MapChannel<Placed>("{{LongName}}"); // PGL002
                    options.MapChannel<Placed>("Order_Placed"); // PGL006
                    builder.MapChannel<Placed>("order_placed");
                }
            }
            """));

    [Fact]
    public Task Names_that_SQL_has_to_quote_are_found()
        => Rules.AssertFindsAsync(Code.Project("""
            using PgListener;

            class Names(Listener raw)
            {
                async Task UseAsync(CancellationToken cancellationToken)
                {
                    await raw.AddChannelAsync("Order_Placed", cancellationToken); // PGL006
                    await raw.AddChannelAsync("order-placed", cancellationToken); // PGL006
                    await raw.AddChannelAsync("1st", cancellationToken); // PGL006
                    await raw.AddChannelAsync("order placed", cancellationToken); // PGL006
                    await raw.AddChannelAsync("_order$1", cancellationToken);
                    Other("Order-Placed");
                }

                void Other(string channel) => Console.WriteLine(channel);
            }
            """));

    [Theory]
    [InlineData("public static string ChannelName => \"Placed\"; // PGL006")]
    [InlineData("public static string ChannelName { get; } = \"Placed\"; // PGL006")]
    [InlineData("public static string ChannelName { get { return \"\"; } } // PGL002")]
    [InlineData("static string INotificationChannel<Channel>.ChannelName => \"\"; // PGL002")]
    [InlineData("public static string ChannelName => nameof(Channel); // PGL006")]
    [InlineData("public static string ChannelName => \"placed\";")]
    [InlineData("public static string ChannelName => \"placed\"; public string Other => \"Placed\";")]
    [InlineData("static string INotificationChannel<Channel>.ChannelName => \"placed\"; public static string ChannelName => \"Placed\";")]
    public Task A_channel_type_has_such_a_name_too(string property)
        => Rules.AssertFindsAsync(Code.Project(Channel(property)));

    [Theory]
    [InlineData("OrderPlaced", "order_placed")]
    [InlineData("Order_Placed", "order_placed")]
    [InlineData("orders-placed", "orders_placed")]
    [InlineData("order placed!", "order_placed_")]
    [InlineData("HTTPRequest2", "http_request2")]
    [InlineData("1st", "_1st")]
    [InlineData("", "channel")]
    [InlineData("a\\0b", "ab")]
    [InlineData(LongName, "orders_of_all_shops_in_all_countries_of_the_world_that_were_pla")]
    public Task The_fix_writes_a_name_that_needs_no_quotes(string name, string better)
        => Rules.AssertFixesAsync(
            Code.Project(Channel($"public static string ChannelName => \"{name}\"; // it")),
            Channel($"public static string ChannelName => \"{better}\"; // it"));

    [Fact]
    public Task A_constant_from_elsewhere_is_left_alone()
        => Rules.AssertFixesAsync(Code.Project(Channel("public const string Name = \"Placed\"; public static string ChannelName => Name;")), expected: null);

    private static string Channel(string property) => $$"""
        using PgListener;

        public readonly record struct Channel(string Text) : INotificationChannel<Channel>
        {
            {{property}}

            public static Channel Parse(string payload) => new(payload);
        }
        """;
}
