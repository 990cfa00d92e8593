// What the documents take for granted: the usings of a web application, variables that are there, types of the reader's own.
global using System;
global using System.Collections.Generic;
global using System.IO;
global using System.Linq;
global using System.Net.Http;
global using System.Net.Http.Json;
global using System.Threading;
global using System.Threading.Tasks;
global using Dapper;
global using Microsoft.AspNetCore.Builder;
global using Microsoft.AspNetCore.Hosting;
global using Microsoft.AspNetCore.Http;
global using Microsoft.AspNetCore.Routing;
global using Microsoft.EntityFrameworkCore;
global using Microsoft.EntityFrameworkCore.Storage;
global using Microsoft.Extensions.Configuration;
global using Microsoft.Extensions.DependencyInjection;
global using Microsoft.Extensions.Hosting;
global using Microsoft.Extensions.Logging;
global using Npgsql;
global using OpenTelemetry.Metrics;
global using OpenTelemetry.Trace;
global using PgListener;
global using PgListener.Testing;

var connectionString = "Host=localhost;Database=shop;Username=shop";
var cancellationToken = CancellationToken.None;
var builder = WebApplication.CreateBuilder();
var app = builder.Build();
var services = builder.Services;
var dataSource = NpgsqlDataSource.Create(connectionString);
var listener = new Listener(connectionString);
var publisher = new NotificationPublisher("Host=localhost;Database=shop");
var transaction = new NpgsqlConnection("Host=localhost;Database=shop").BeginTransaction();
var db = new OrdersContext();

public partial class Program;

public sealed class ShopDbContext
{
    public Task ShowAsync(long id, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ShowAllAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

public sealed class OrdersContext : DbContext
{
    public DbSet<Order> Orders => Set<Order>();
}

public sealed class Order
{
    public long Id { get; set; }

    public string Product { get; set; } = "";
}
