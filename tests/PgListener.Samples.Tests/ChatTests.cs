using System.Text;
using System.Threading.Channels;
using Chat;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Playwright;
using WebApi.Tests;
using static Microsoft.Playwright.Assertions;

namespace PgListener.Samples.Tests;

public sealed class ChatTests(Server server, Chromium chromium)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_posted_at_any_instance_reaches_the_clients_of_every_instance_once_and_in_order()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await WebSample<ChatHub>.StartAsync(database);
        await using var other = await WebSample<ChatHub>.StartAsync(database);
        await using var ada = await Client.ConnectAsync(one);
        await using var bob = await Client.ConnectAsync(other);

        for (var i = 0; i < 10; i++)
            await (i % 2 == 0 ? ada : bob).PostAsync($"message {i}");

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal($"message {i}", await ada.NextAsync());
            Assert.Equal($"message {i}", await bob.NextAsync());
        }
    }

    [Fact]
    public async Task Clients_of_an_instance_that_was_deaf_are_told_to_reload_and_find_what_they_have_missed()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await WebSample<ChatHub>.StartAsync(database);
        await using var other = await WebSample<ChatHub>.StartAsync(database);
        await using var ada = await Client.ConnectAsync(one);
        await using var bob = await Client.ConnectAsync(other);

        await other.LoseListenerAsync();
        await ada.PostAsync("missed");
        other.LetListenerReturn();

        Assert.Equal("missed", await ada.NextAsync());
        Assert.Equal("Reconnected, reload", await bob.NextAsync());
        Assert.Equal(["missed"], (await bob.LatestAsync()).Select(message => message.Text));
        await ada.PostAsync("live again");
        Assert.Equal("live again", await bob.NextAsync());
    }

    [Theory]
    [InlineData("Ada", "")]
    [InlineData(" ", "hello")]
    [InlineData("Ada", "two\nlines")]
    [InlineData("Ada", null)]
    public async Task What_cannot_be_a_message_is_refused(string author, string? text)
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var chat = await WebSample<ChatHub>.StartAsync(database);
        await using var client = await Client.ConnectAsync(chat);

        await Assert.ThrowsAsync<HubException>(() => client.PostAsync(text!, author));

        Assert.Empty(await client.LatestAsync());
    }

    [Fact]
    public async Task The_longest_message_fits_and_what_others_notify_does_no_harm()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var chat = await WebSample<ChatHub>.StartAsync(database);
        await using var client = await Client.ConnectAsync(chat);
        var longest = new StringBuilder().Insert(0, "\"\\", 250).ToString();

        await database.ExecuteAsync("select pg_notify('chat_message', 'not a message')");
        await client.PostAsync(longest, new string('\u20ac', 40));

        Assert.Equal(longest, await client.NextAsync());
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_off_and_the_others_go_on()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var chat = await WebSample<ChatHub>.StartAsync(database);
        using var silent = new System.Net.WebSockets.ClientWebSocket();
        silent.Options.SetBuffer(1024, 1024);
        await silent.ConnectAsync(new UriBuilder(new Uri(chat.Address, "chat")) { Scheme = "ws" }.Uri, Cancellation);
        await silent.SendAsync(Encoding.UTF8.GetBytes("""{"protocol":"json","version":1}""" + "\u001e"), System.Net.WebSockets.WebSocketMessageType.Text, true, Cancellation);
        await silent.ReceiveAsync(new byte[16], Cancellation); // The answer to the handshake: it is a client now. It reads nothing more.
        await using var client = await Client.ConnectAsync(chat);

        // More than the buffers of two sockets and a pipe hold.
        await database.ExecuteAsync("select pg_notify('chat_message', json_build_object('id', i, 'author', 'flood', 'text', repeat('x', 7000), 'at', now())::text) from generate_series(1, 3000) i");
        await client.PostAsync("after the flood");

        await client.NextAsync(text => text == "after the flood");
    }

    [Fact]
    public async Task The_page_shows_messages_live_and_after_a_gap_and_needs_nothing_from_elsewhere()
    {
        SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);
        await using var database = await server.CreateDatabaseAsync();
        await using var one = await WebSample<ChatHub>.StartAsync(database);
        await using var other = await WebSample<ChatHub>.StartAsync(database);
        await using var ada = await Client.ConnectAsync(one);
        await ada.PostAsync("from before");
        var page = await chromium.OpenPageAsync();
        List<string> wrong = [];
        page.Console += (_, message) => Add(wrong, message.Text, message.Type is "error" or "warning");
        page.PageError += (_, error) => Add(wrong, error, condition: true);
        page.Request += (_, request) => Add(wrong, request.Url, new Uri(request.Url).Authority != other.Address.Authority);
        page.Response += (_, response) => Add(wrong, $"{response.Status} {response.Url}", response.Status >= 400);

        await page.GotoAsync(other.Address.ToString());
        await Expect(page.Locator("#messages > li")).ToHaveTextAsync(["Adafrom before"]);

        await page.GetByLabel("Name").FillAsync("Bob");
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync("<b>hello</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Expect(page.Locator("#messages > li")).ToHaveTextAsync(["Adafrom before", "Bob<b>hello</b>"]);

        await other.LoseListenerAsync();
        await ada.PostAsync("missed");
        other.LetListenerReturn();
        await Expect(page.Locator("#messages > li")).ToHaveTextAsync(["Adafrom before", "Bob<b>hello</b>", "Adamissed"]);

        await page.GetByLabel("Message", new() { Exact = true }).FillAsync("  ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Expect(page.Locator("#problem")).ToContainTextAsync("1 to 500");

        lock (wrong)
            Assert.Empty(wrong);
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_page_keeps_nobody_out_and_fits_on_a_phone()
    {
        SetDefaultExpectTimeout((float)Eventually.Limit.TotalMilliseconds);
        await using var database = await server.CreateDatabaseAsync();
        await using var chat = await WebSample<ChatHub>.StartAsync(database);
        await using var ada = await Client.ConnectAsync(chat);
        var page = await chromium.OpenPageAsync(new() { BypassCSP = true, ViewportSize = new() { Width = 360, Height = 740 } });
        await page.GotoAsync(chat.Address.ToString());
        await Expect(page.Locator("#state")).ToHaveTextAsync("Connected");
        await Expect(page.Locator("#empty")).ToBeVisibleAsync();
        Assert.Empty(await Axe.InspectAsync(page));

        await ada.PostAsync("https://example.org/" + new string('x', 200));
        await Expect(page.Locator("#messages > li")).ToHaveCountAsync(1);
        await Expect(page.Locator("#empty")).ToBeHiddenAsync();

        Assert.Empty(await Axe.InspectAsync(page));
        await page.SetViewportSizeAsync(360, 740);
        Assert.Equal(360, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.True(await page.GetByLabel("Message", new() { Exact = true }).EvaluateAsync<double>("input => input.clientWidth") > 150);
        Assert.Empty(await Keyboard.FindUnreachableAsync(page));
        await page.CloseAsync();
    }

    private static void Add(List<string> list, string item, bool condition)
    {
        lock (list)
        {
            if (condition)
                list.Add(item);
        }
    }

    /// <summary>A client with Microsoft's own SignalR package.</summary>
    private sealed class Client : IAsyncDisposable
    {
        private readonly HubConnection _connection;
        private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();

        private Client(Uri hub)
        {
            _connection = new HubConnectionBuilder().WithUrl(hub).Build();
            _connection.On<ChatMessage>("Posted", message => _heard.Writer.TryWrite(message.Text));
            _connection.On<string>("Missed", reason => _heard.Writer.TryWrite($"{reason}, reload"));
        }

        /// <summary>Connects. What is posted after this is heard.</summary>
        public static async Task<Client> ConnectAsync(WebSample<ChatHub> chat)
        {
            var client = new Client(new(chat.Address, "chat"));
            await client._connection.StartAsync(Cancellation);
            await client.LatestAsync(); // An answer shows that the server knows the client.
            return client;
        }

        public Task PostAsync(string text, string author = "Ada") => _connection.InvokeAsync("Post", author, text, Cancellation);

        public Task<ChatMessage[]> LatestAsync() => _connection.InvokeAsync<ChatMessage[]>("Latest", Cancellation);

        public async Task<string> NextAsync() => await _heard.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Eventually.Limit, Cancellation);

        public async Task NextAsync(Func<string, bool> wanted)
        {
            while (!wanted(await NextAsync()))
            {
                // The next may be it.
            }
        }

        public ValueTask DisposeAsync() => _connection.DisposeAsync();
    }
}
